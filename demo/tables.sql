-- The tables of the tour, filled from demo/data.
CREATE TABLE adult_train (
	id integer PRIMARY KEY, age integer, workclass text, fnlwgt integer, education text, education_num integer, marital_status text,
	occupation text, relationship text, race text, sex text, capital_gain integer, capital_loss integer, hours_per_week integer,
	native_country text, income_gt_50k integer);
CREATE TABLE adult_test (LIKE adult_train INCLUDING ALL);
\copy adult_train FROM 'demo/data/adult_train.csv' WITH (FORMAT csv, HEADER true)
\copy adult_test FROM 'demo/data/adult_test.csv' WITH (FORMAT csv, HEADER true)
ANALYZE adult_train;
ANALYZE adult_test;
