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
CREATE TABLE mammography (id integer PRIMARY KEY, f1 float8, f2 float8, f3 float8, f4 float8, f5 float8, f6 float8, calcification integer);
\copy mammography FROM 'demo/data/mammography.csv' WITH (FORMAT csv, HEADER true)
ANALYZE mammography;
