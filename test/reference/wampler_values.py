"""Wampler 1 to 5 (NIST StRD, linear regression) in exact rational arithmetic.

Prints coefficients, standard errors, residual deviation and R2 of a polynomial of degree 5, and stops
when they are not what NIST certifies (15 digits).  Python 3 standard library only.
"""
from decimal import Decimal, getcontext
from fractions import Fraction as F

getcontext().prec = 60
WAMPLER = {
    3: [760, -2042, 2111, -1684, 3888, 1858, 11379, 17560, 39287, 64382, 113159, 175108, 273291, 400186, 581243,
        811568, 1121004, 1506550, 2002767, 2611612, 3369180],
    4: [75901, -204794, 204863, -204436, 253665, -200894, 214131, -185192, 221249, -138370, 315911, -27644, 455253,
        197434, 783995, 608816, 1370781, 1303798, 2205519, 2408860, 3444321],
    5: [7590001, -20479994, 20480063, -20479636, 25231365, -20476094, 20489331, -20460392, 18417449, -20413570,
        20591111, -20302844, 18651453, -20077766, 21059195, -19666384, 26348481, -18971402, 22480719, -17866340,
        10958421],
}
# certified: standard errors of B0 … B5, residual deviation, R2
CERTIFIED = {
    3: (["2152.32624678170", "2363.55173469681", "779.343524331583", "101.475507550350", "5.64566512170752",
         "0.112324854679312"], "2360.14502379268", "0.999995559025820"),
    4: (["215232.624678170", "236355.173469681", "77934.3524331583", "10147.5507550350", "564.566512170752",
         "11.2324854679312"], "236014.502379268", "0.957478440825662"),
    5: (["21523262.4678170", "23635517.3469681", "7793435.24331583", "1014755.07550350", "56456.6512170752",
         "1123.24854679312"], "23601450.2379268", "0.224668921574940E-02"),
}


def invert(a):
    n = len(a)
    m = [row[:] + [F(int(i == j)) for j in range(n)] for i, row in enumerate(a)]
    for i in range(n):
        p = next(r for r in range(i, n) if m[r][i] != 0)
        m[i], m[p] = m[p], m[i]
        m[i] = [v / m[i][i] for v in m[i]]
        for r in range(n):
            if r != i:
                m[r] = [v - m[r][i] * w for v, w in zip(m[r], m[i])]
    return [row[n:] for row in m]


def root(f):
    return (Decimal(f.numerator) / Decimal(f.denominator)).sqrt()


def near(value, certified):
    return abs(value - Decimal(certified)) <= Decimal("2e-14") * abs(Decimal(certified))


for number, y in WAMPLER.items():
    x = [[F(i) ** k for k in range(6)] for i in range(21)]
    inverse = invert([[sum(r[i] * r[j] for r in x) for j in range(6)] for i in range(6)])
    xy = [sum(r[i] * v for r, v in zip(x, y)) for i in range(6)]
    beta = [sum(inverse[i][j] * xy[j] for j in range(6)) for i in range(6)]
    rss = sum((v - sum(b * c for b, c in zip(beta, r))) ** 2 for r, v in zip(x, y))
    mean = F(sum(y), 21)
    tss = sum((v - mean) ** 2 for v in y)
    errors = [root(inverse[i][i] * rss / 15) for i in range(6)]
    sigma = root(rss / 15)
    r2 = 1 - rss / tss
    r2 = Decimal(r2.numerator) / Decimal(r2.denominator)
    assert beta == [1] * 6, beta
    assert all(near(e, c) for e, c in zip(errors, CERTIFIED[number][0])), errors
    assert near(sigma, CERTIFIED[number][1]) and near(r2, CERTIFIED[number][2]), (sigma, r2)
    print(number, [str(b) for b in beta], ["%.15e" % e for e in errors], "%.15e" % sigma, "%.15e" % r2)
