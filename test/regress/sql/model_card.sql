-- The page about a model: complete, well formed, self-contained, escaped, and for those who may read the model.
SET client_min_messages = warning;
CREATE SCHEMA model_card;
SET search_path = model_card, public;
CREATE TABLE rows AS
SELECT i AS id, i % 7 AS x, (i * 37) % 11 AS "<b>&'""y", CASE WHEN (i * i) % 13 < 6 THEN 'a<b' ELSE 'c&d' END AS two,
       (ARRAY['r', 'g', 'b'])[1 + i % 3] AS three, (i % 7) * 2.0 + (i % 5) AS number
  FROM generate_series(1, 400) i;
ALTER TABLE rows ADD PRIMARY KEY (id);
SELECT ref FROM sustainml.train('two', 'rows', target => 'two', features => '{x,"<b>&''\"y"}');
SELECT ref FROM sustainml.train('three', 'rows', target => 'three', features => '{x,number}');
SELECT ref FROM sustainml.train('number', 'rows', target => 'number', features => '{x}');
SELECT ref FROM sustainml.train('all', 'rows', target => 'number', features => '{x}', holdout => 0);

CREATE TABLE cards (model text, card text);
INSERT INTO cards SELECT m, sustainml.model_card(m) FROM unnest('{two,three,number,all}'::text[]) m;
INSERT INTO cards SELECT 'named source', sustainml.model_card('all@1', 'rows');
SELECT model,
       card LIKE '<!DOCTYPE html>%</html>_' AS whole,
       xml_is_well_formed_document(substr(card, 16)) AS well_formed,
       card !~* '<script|https?://|@import|url\(' AS self_contained,
       (length(card) - length(replace(card, '<svg', ''))) / 4 AS pictures
  FROM cards ORDER BY model COLLATE "C";
-- the card says which rows the newest audit is about
SELECT sustainml.fairness_audit('SELECT * FROM rows WHERE id <= 200', model => 'two', protected => '{three}', favorable => 'a<b') IS NOT NULL AS audited;
SELECT sustainml.model_card('two') ~ '<li>Audit [0-9]+ of 200 rows of SELECT \* FROM rows WHERE id &lt;= 200, 20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} UTC</li>' AS says_which_audit,
       (SELECT card LIKE '%<h2>Fairness%' FROM cards WHERE model = 'two') AS before;
-- without standard errors the coefficients come by size: nobody of 40 levels is cut for its name alone
CREATE TABLE levels AS SELECT i AS id, i % 3 AS x, 'l' || lpad((i % 40)::text, 2, '0') AS level, 100.0 * (i % 40) + i % 7 AS y FROM generate_series(1, 4000) i;
ALTER TABLE levels ADD PRIMARY KEY (id);
SELECT ref FROM sustainml.train('levels', 'levels', target => 'y', params => '{"l2": 1}');
SELECT card LIKE '%<td>level=l39</td>%' AS largest, card LIKE '%<td>level=l02</td>%' AS least FROM sustainml.model_card('levels') card;
SELECT sustainml.drop_model('levels');
-- names and labels are text, never markup
SELECT card LIKE '%&lt;b&gt;&amp;&#39;&quot;y%' AS escaped, card LIKE '%a&lt;b%' AS label_escaped, card LIKE '%<b>%' AS raw FROM cards WHERE model = 'two';
-- the figures are those of evaluate()
SELECT bool_and(card LIKE '%<td>' || metric || '</td><td class="n">' || to_char(value, 'FM90.0000') || '</td>%') AS same
  FROM cards, sustainml.evaluate('two') WHERE model = 'two' AND metric IN ('accuracy', 'recall', 'roc_auc', 'log_loss');
-- nothing held out is said, and a source can be named
SELECT model, card LIKE '%No row was held out%' AS nothing_held_out, card LIKE '%On 400 rows of rows.%' AS on_source FROM cards WHERE model IN ('all', 'named source') ORDER BY model;

SELECT sustainml.model_card('nobody');
\echo :SQLSTATE
SELECT sustainml.model_card(NULL);
\echo :SQLSTATE
CREATE ROLE card_reader;
GRANT USAGE ON SCHEMA model_card TO card_reader;
SELECT sustainml.grant_model('two', 'card_reader', 'predict');
SET ROLE card_reader;
SELECT sustainml.model_card('two');
\echo :SQLSTATE
RESET ROLE;
DROP SCHEMA model_card CASCADE;
SELECT sustainml.drop_model('model_card.' || m) FROM unnest('{two,three,number,all}'::text[]) m;
DROP ROLE card_reader;
