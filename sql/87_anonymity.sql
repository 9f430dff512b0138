-- How well rows hide among others (src/pg/privacy/anonymity.c).

-- Availability: 0.1.0
CREATE FUNCTION sustainml.anonymity(
	source text, quasi text[], sensitive text DEFAULT NULL, population text DEFAULT NULL, l integer DEFAULT 2, risk double precision DEFAULT 0.2,
	OUT measure text, OUT value double precision, OUT reason text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_anonymity' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000 ROWS 19;
COMMENT ON FUNCTION sustainml.anonymity(text, text[], text, text, integer, double precision) IS
'How well the rows of a table, view or query hide among those with the same quasi-identifiers, one measure a row, with the reason where it has no value:
k and the sizes of classes; risks of re-identification (prosecutor: the attacker knows that the person is in the data; journalist and marketer: against a population, a source with
the same columns); of the sensitive column the distinct, entropy and recursive l-diversity (recursive_c: (c, l)-diversity holds for every c above it) and
t-closeness with equal distances and in order.  risk: rows of classes with 1 / size above it are at risk.  NULLs are values of their own.
Example: SELECT * FROM sustainml.anonymity(''people'', quasi => ''{zip,birth_year,sex}'', sensitive => ''diagnosis'');';

-- Availability: 0.1.0
CREATE FUNCTION sustainml.class_sizes(source text, quasi text[], OUT class_size bigint, OUT classes bigint, OUT rows bigint)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'sustainml_class_sizes' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000 ROWS 100;
COMMENT ON FUNCTION sustainml.class_sizes(text, text[]) IS
'How many classes of rows with the same quasi-identifiers have which size, smallest first.
Example: SELECT * FROM sustainml.class_sizes(''people'', quasi => ''{zip,birth_year,sex}'') LIMIT 5;';
