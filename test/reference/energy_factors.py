#!/usr/bin/env python3
"""Write sql/32_cpu_factors.sql from cpu_power.csv and cpu_tdp.csv; see energy.md.

    test/reference/energy_factors.py DIRECTORY > sql/32_cpu_factors.sql
"""
import csv
import re
import sys
from collections import defaultdict

FEW_SERVERS = 5  # below this a family's bounds are those of an unknown one


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def rows(name):
    with open(sys.argv[1] + "/" + name, newline="") as file:
        return list(csv.DictReader(file))


def power():
    out = []
    for r in rows("cpu_power.csv"):
        if r["source"] == "SPECPOWER_2026_RECOMPUTED" and r["uarch"] != "unknown":
            factor = "1.41" if int(r["n_servers"]) >= FEW_SERVERS else "1.8"
            out.append("\t(%s)" % ", ".join([
                quoted(r["vendor"]), quoted(r["uarch"]), quoted(r["description"]), r["min_watts"], r["max_watts"], factor,
                r["min_p10"], r["min_p90"], r["max_p10"], r["max_p90"], r["mem_gb_per_thread_included"], r["n_servers"],
                quoted(r["source"]), "2026", "true"]))
        elif r["source"] == "CCF_APP_DEFAULTS":
            name = r["vendor"].removeprefix("ccf-")
            out.append("\t(%s)" % ", ".join([
                quoted("provider"), quoted(name), quoted("Mean of the provider's fleet, per vCPU"), r["min_watts"], r["max_watts"], "1.8",
                "NULL", "NULL", "NULL", "NULL", "NULL", "NULL", quoted(r["source"]), "NULL", "true"]))
    return out


def year(launch):
    quarter = re.fullmatch(r"Q\d'(\d\d)", launch)
    if quarter:
        number = int(quarter[1])
        return str(number + (1900 if number > 90 else 2000))
    day = re.fullmatch(r"\d{1,2}/\d{1,2}/(\d{4})", launch)
    return day[1] if day else "NULL"


def tdp():
    """Makers' lists only; families in cpu_family, and names that /proc/cpuinfo cannot show, are left out."""
    groups = defaultdict(set)
    seen = defaultdict(set)
    for r in rows("cpu_tdp.csv"):
        name = re.sub(r" \(OEM Only\)| APU$", "", re.sub(r"\s+", " ", r["model"])).strip()
        if r["source"] == "CODECARBON_CPU_POWER" or not re.match(r"(Intel|AMD) ", name) or "|" in name:
            continue
        if re.search(r"EPYC|Xeon (Platinum|Gold|Silver|Bronze)|Gen | processor |Itanium|Quark", name):
            continue
        seen[name].add(r["tdp_watts"])
        groups[(float(r["tdp_watts"]), r["threads"] or "NULL", year(r["launch"]), r["source"])].add(name)
    out = []
    for (watts, threads, when, source), names in sorted(groups.items(), key=lambda g: (g[0][3], g[0][0], g[0][1], g[0][2])):
        names = sorted(n for n in names if len(seen[n]) == 1)
        if names and watts > 0:
            out.append("\t(%g, %s, %s, %s, %s)" % (watts, threads, when, quoted(source), quoted("|".join(names))))
    return out


FAMILIES = [
    # vendor, family, models, steppings, uarch
    ("AuthenticAMD", 23, (1, 1), None, "zen1"), ("AuthenticAMD", 23, (49, 49), None, "zen2"), ("AuthenticAMD", 25, (1, 1), None, "zen3"),
    ("AuthenticAMD", 25, (16, 31), None, "zen4"), ("AuthenticAMD", 25, (160, 175), None, "zen4c"), ("AuthenticAMD", 25, (97, 97), None, "zen45-client"),
    ("AuthenticAMD", 26, (0, 31), None, "zen5"), ("AuthenticAMD", 26, (68, 68), None, "zen45-client"),
    ("GenuineIntel", 6, (26, 26), None, "nehalem-westmere"), ("GenuineIntel", 6, (30, 30), None, "nehalem-westmere"),
    ("GenuineIntel", 6, (44, 44), None, "nehalem-westmere"), ("GenuineIntel", 6, (46, 46), None, "nehalem-westmere"), ("GenuineIntel", 6, (47, 47), None, "nehalem-westmere"),
    ("GenuineIntel", 6, (42, 42), None, "sandybridge"), ("GenuineIntel", 6, (45, 45), None, "sandybridge"),
    ("GenuineIntel", 6, (58, 58), None, "ivybridge"), ("GenuineIntel", 6, (62, 62), None, "ivybridge"),
    ("GenuineIntel", 6, (60, 60), None, "haswell"), ("GenuineIntel", 6, (63, 63), None, "haswell"),
    ("GenuineIntel", 6, (71, 71), None, "broadwell"), ("GenuineIntel", 6, (79, 79), None, "broadwell"), ("GenuineIntel", 6, (86, 86), None, "broadwell"),
    ("GenuineIntel", 6, (85, 85), (0, 4), "skylake-sp"), ("GenuineIntel", 6, (85, 85), (5, 7), "cascadelake"), ("GenuineIntel", 6, (85, 85), (10, 11), "cooperlake"),
    ("GenuineIntel", 6, (106, 106), None, "icelake-sp"), ("GenuineIntel", 6, (108, 108), None, "icelake-sp"),
    ("GenuineIntel", 6, (143, 143), None, "sapphirerapids"), ("GenuineIntel", 6, (207, 207), None, "emeraldrapids"),
    ("GenuineIntel", 6, (173, 173), None, "graniterapids"), ("GenuineIntel", 6, (174, 174), None, "graniterapids"), ("GenuineIntel", 6, (175, 175), None, "sierraforest"),
    ("GenuineIntel", 6, (158, 158), (10, 13), "xeon-e-client"), ("GenuineIntel", 6, (167, 167), None, "xeon-e-client"),
    ("arm:0x41", 8, (0xD0C, 0xD0C), None, "neoverse-n1"), ("arm:0x41", 8, (0xD4F, 0xD4F), None, "neoverse-v2"),
]


def families():
    source = {"G": "Linux intel-family.h", "A": "Linux and AMD family guides", "a": "Linux cputype.h"}
    return ["\t(%s, %d, %d, %d, %d, %d, %s, %s, true)" % (
        quoted(vendor), family, models[0], models[1], *(steppings or (0, 255)), quoted(uarch), quoted(source[vendor[0]]))
        for vendor, family, models, steppings, uarch in FAMILIES]


print("""-- Power of processors.  Written by test/reference/energy_factors.py; see test/reference/energy.md.

-- Families: our aggregates of SPECpower_ssj2008 results (collection of March 2026 in Cloud Carbon Footprint's ccf-coefficients, Apache-2.0).
-- SPECpower is a trademark of SPEC, which has not reviewed these figures.  Families of fewer than five servers have the bounds of an unknown one.
-- Providers: defaults of Cloud Carbon Footprint (Apache-2.0).
INSERT INTO sustainml.cpu_power (vendor, uarch, description, idle_watts, full_watts, error_factor, idle_p10_watts, idle_p90_watts, full_p10_watts, full_p90_watts,
	memory_gb_per_thread, servers, source, year, shipped) VALUES""")
print(",\n".join(power()) + ";\n")
print("""-- Processors by their numbers: parts that are sold for servers, since the watts are of servers.
INSERT INTO sustainml.cpu_family (vendor, family, model_low, model_high, stepping_low, stepping_high, uarch, source, shipped) VALUES""")
print(",\n".join(families()) + ";\n")
print("""-- Thermal design power by model: makers' lists (Intel ARK, AMD product specifications) as collected in CodeCarbon (MIT).
-- Models whose family is above are left out.  Equal figures share a line.
INSERT INTO sustainml.cpu_tdp (model, tdp_watts, threads, source, year, shipped)
SELECT pg_catalog.unnest(pg_catalog.string_to_array(g.models, '|')), g.watts, g.threads, g.source, g.year, true
  FROM (VALUES""")
print(",\n".join(tdp()).replace("\t(", "\t(", 1))
print(") AS g (watts, threads, year, source, models);")
