-- An audit as a page: complete, well formed, self-contained, escaped, with the figures of the views, and with no more than its reader may see.
CREATE SCHEMA fairness_report;
SET search_path = fairness_report;
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE report_reader;
GRANT USAGE ON SCHEMA fairness_report TO report_reader;
-- 3,000 rows in six groups with names that mean something to a browser, and a group of four
CREATE TABLE rows AS
SELECT i AS id, (ARRAY['<script>alert(1)</script>', 'a & b "q" ''s''', E'tab\tnew\nline', repeat('long ', 30), 'Ünïcødé 漢字 группа', '</title></svg><b>x'])[1 + i % 6] AS "<i>g&""",
       (ARRAY['p', 'q'])[1 + i / 6 % 2] AS two, i % 5 < 2 AS y, (i::bigint * 7919 % 100) < 20 + 10 * (i % 6) AS p, (i::bigint * 7907 % 100) / 100.0 AS s
FROM generate_series(1, 3000) i;
INSERT INTO rows SELECT 10000 + i, 'secret four', 'p', i < 3, false, 0.5 FROM generate_series(1, 4) i;
ALTER TABLE rows ADD PRIMARY KEY (id);
SELECT ref FROM sustainml.train('page', 'rows', target => 'y', features => '{s}', protected => '{two,"<i>g&\""}', favorable => 'true');
SELECT sustainml.set_fairness_policy('page', 'demographic_parity_difference', 0.3, attribute => 'two') > 0 AS policy;
SELECT sustainml.fairness_audit('rows', model => 'page', threshold => NULL) > 0 AS audited;
CREATE TABLE pages (what text, page text);
INSERT INTO pages SELECT 'model', sustainml.fairness_report(max(audit_id), 'html') FROM sustainml.fairness_audits WHERE model = 'page';
SELECT sustainml.fairness_audit('rows', 'y', 'p', ARRAY['<i>g&"', 'two'], 'true', score => 's') AS id \gset
INSERT INTO pages SELECT 'predictions', sustainml.fairness_report(:id, 'html');
SELECT sustainml.fairness_audit('rows', NULL, 'p', ARRAY['two']) AS plain \gset
INSERT INTO pages SELECT 'no label, no favorable', sustainml.fairness_report(:plain, 'html');
SELECT what, page LIKE '<!DOCTYPE html>%</html>_' AS whole, xml_is_well_formed_document(substr(page, 16)) AS well_formed,
       page !~* '<script|https?://|@import|url\(' AS self_contained, (length(page) - length(replace(page, 'class="rates"', ''))) / 13 AS figures
  FROM pages ORDER BY what;
SELECT what, page LIKE '%&lt;script&gt;alert(1)&lt;/script&gt;%' AS escaped, page LIKE '%&lt;/title&gt;&lt;/svg&gt;&lt;b&gt;x%' AS escaped_too, page LIKE '%By &lt;i&gt;g&amp;&quot;%' AS column_too,
       page ~ '<i>|<b>' AS raw FROM pages WHERE what <> 'no label, no favorable' ORDER BY what;
-- the figures are those of the views: three decimals in a bar, four in the tables
SELECT bool_and(page LIKE '%>' || to_char(value, 'FM0.000') || '</tspan>%') AS bars FROM pages, sustainml.fairness_history h
 WHERE what = 'predictions' AND audit_id = :id AND attribute = 'two' AND scope = 'group' AND metric IN ('selection_rate', 'tpr', 'fpr');
SELECT bool_and(page LIKE '%<td class="n">' || round(impact_ratio::numeric, 4)::float8 || '</td>%') AS ratios, count(*) FROM pages, sustainml.impact_ratio
 WHERE what = 'predictions' AND audit_id = :id AND attribute = 'two';
-- lengths of bars: the axis of selection rates ends at the next tenth above all ends of intervals and lines, here at 0.8 on 284 units
SELECT bool_and(page LIKE '%width="' || to_char(value / 0.8 * 284, 'FM990.0') || '" height="10.0"%') AS lengths, count(*) FROM pages, sustainml.fairness_history
 WHERE what = 'predictions' AND audit_id = :id AND attribute = '<i>g&"' AND scope = 'group' AND metric = 'selection_rate';
-- the line of four fifths: 0.8 times the highest rate, which is 0.7
SELECT page LIKE '%class="limit" d="M' || to_char(0.8 * 0.7 / 0.8 * 284, 'FM990.0') || ' %' AS four_fifths FROM pages WHERE what = 'predictions';
SELECT what, page LIKE '%class="limit"%' AS line, page LIKE '%No policy sets a bound%' AS unjudged, page ~ '<span class="(pass|fail|unsure)">' AS verdicts FROM pages ORDER BY what;
-- where there is no figure there is no bar: a reason
SELECT sustainml.fairness_audit('SELECT two, p, two = ''p'' AND y AS y FROM fairness_report.rows', 'y', 'p', ARRAY['two'], 'true') AS bare \gset
-- the text marks each figure of few rows
SELECT count(*) > 0 AS some, (length(t.report) - length(replace(t.report, '*', ''))) - 1 - count(*) AS unmarked
  FROM sustainml.fairness_history h, sustainml.fairness_report(:id) AS t(report)
 WHERE h.audit_id = :id AND h.is_small AND h.value IS NOT NULL AND (h.scope = 'group' AND h.metric IN ('selection_rate', 'tpr', 'fpr', 'ppv') OR h.scope = 'ratio' AND h.metric = 'impact_ratio')
 GROUP BY t.report;
SELECT page LIKE '%>no positives</text>%' AS reason FROM (SELECT sustainml.fairness_report(:bare, 'html') AS page) r;
-- a reader sees no small group, by name or number
SELECT sustainml.grant_model('page', 'report_reader', 'read');
SELECT max(audit_id) AS shared FROM sustainml.fairness_audits WHERE model = 'page' \gset
SET ROLE report_reader;
SELECT position('secret four' IN r.page) > 0 AS leaks, r.page LIKE '%Groups of fewer than 10 rows are not shown to you%' AS says_so, r.page LIKE '%suppressed%' AS marked,
       xml_is_well_formed_document(substr(r.page, 16)) AS well_formed FROM (SELECT sustainml.fairness_report(:shared, 'html') AS page) r;
SELECT count(*) AS may_see FROM sustainml.fairness_audits WHERE audit_id = :id;
RESET ROLE;
SELECT page LIKE '%secret four%' AS owner_sees FROM pages WHERE what = 'model';
-- many groups: the largest are drawn
SELECT sustainml.fairness_audit('SELECT id % 61 AS g, p FROM fairness_report.rows WHERE id <= 3000', NULL, 'p', ARRAY['g'], 'true') AS many \gset
SELECT page LIKE '%The 24 largest of 61 groups.%' AS says_so, (length(page) - length(replace(page, 'class="track"', ''))) / 13 AS bars FROM (SELECT sustainml.fairness_report(:many, 'html') AS page) r;
SELECT sustainml.fairness_report(:id, 'pdf');
SELECT sustainml.drop_model('page');
DROP SCHEMA fairness_report CASCADE;
DROP ROLE report_reader;
