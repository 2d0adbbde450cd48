-- Users' turns are spread evenly over the draw, independent of each other and from sale to sale. The secrets are
-- random, so sound hashes may fail, too: less than once in a million runs, all criteria together. Each is a quantile
-- at 1e-7 or further out. With -v users=50000 it takes a minute or two.

BEGIN;
\ir helper/sale.psql
\if :{?users}
\else
\set users 5000
\endif
SELECT plan(14);

-- 100 sales, each with a secret of its own; for each user the fraction of the draw after which the turn comes.
CREATE TEMPORARY TABLE seed AS
SELECT n, sale_add(now(), now() + interval '1 hour', 1, 10, 30, p_beside_others => true, p_draw_s => 3600) AS sale_id
FROM generate_series(1, 100) n;
CREATE TEMPORARY TABLE drawn AS SELECT n, s AS sale FROM seed JOIN sale s USING (sale_id) ORDER BY n;
ANALYZE sale, draw_secret, drawn;
SELECT is((SELECT count(DISTINCT secret) FROM draw_secret JOIN seed USING (sale_id)), 100::bigint,
          'each sale has a secret of its own');

CREATE FUNCTION fraction(p_sale sale, p_user_id text) RETURNS double precision
LANGUAGE sql AS $$
    SELECT extract(epoch FROM turn_opens_at(p_sale, p_user_id) - p_sale.starts_at)::double precision / p_sale.draw_s
$$;
CREATE TEMPORARY TABLE luck AS
SELECT u AS n, ARRAY(SELECT fraction(sale, 'user' || u) FROM drawn ORDER BY n) AS fractions
FROM generate_series(1, :users) u;
SELECT ok(0 <= min(f) AND max(f) < 1, 'no turn is before the start or after the draw')
FROM luck, unnest(fractions) f;
-- Two users may share a microsecond of the hour, but a few only.
SELECT ok(count(DISTINCT f) > 0.99 * :users, 'hardly two turns are the same') FROM luck, unnest(fractions[1:1]) f;

-- Even: 25 bins, 24 degrees of freedom.
CREATE TEMPORARY TABLE even AS
SELECT seed, sum((turns - :users / 25.0) ^ 2 / (:users / 25.0)) AS chi2
FROM (SELECT seed, bin, count(f) AS turns
      FROM generate_series(1, 100) seed CROSS JOIN generate_series(1, 25) bin
      LEFT JOIN (SELECT f.seed, floor(f.fraction * 25)::integer + 1 AS bin, f.fraction AS f
                 FROM luck, unnest(fractions) WITH ORDINALITY f (fraction, seed)) l USING (seed, bin)
      GROUP BY seed, bin) b
GROUP BY seed;
SELECT is(count(*), 100::bigint, 'of each sale') FROM even;
SELECT diag(format('chi-squared over 100 sales: sum %s (2400 expected, 2057 to 2777 passes); beyond the quantiles '
                   '0.01 and 0.99: %s and %s (1 each expected, up to 9 pass)', round(sum(chi2)),
                   count(*) FILTER (WHERE chi2 < 10.856), count(*) FILTER (WHERE chi2 > 42.980))) FROM even;
SELECT ok(sum(chi2) BETWEEN 2057 AND 2777, 'turns are as even as random ones: the sum of chi-squared of all sales')
FROM even;
SELECT ok(count(*) FILTER (WHERE chi2 > 42.980) <= 9, 'few sales are less even than 99 of 100 random ones') FROM even;
SELECT ok(count(*) FILTER (WHERE chi2 < 10.856) <= 9, 'and few are more even than that') FROM even;
-- The p-values are even themselves: how many sales are in each tenth of the distribution.
CREATE TEMPORARY TABLE tenth AS
SELECT tenth, count(e.chi2) AS sales
FROM generate_series(0, 9) tenth
LEFT JOIN even e ON width_bucket(e.chi2::double precision, ARRAY[15.659, 18.062, 19.943, 21.652, 23.337, 25.106,
                                 27.096, 29.553, 33.196]::double precision[]) = tenth
GROUP BY tenth;
SELECT diag(format('p-values by tenths: %s; chi-squared of them: %s (9 expected, 60 passes)',
                   string_agg(sales::text, ' ' ORDER BY tenth), round(sum((sales - 10.0) ^ 2 / 10), 1))) FROM tenth;
SELECT ok(sum((sales - 10.0) ^ 2 / 10) < 60, 'the p-values are spread evenly, too') FROM tenth;

-- Independent: with n users a correlation r of nothing has n r^2 like chi-squared with one degree of freedom.
CREATE FUNCTION independence(p_query text) RETURNS TABLE (many bigint, chi2 double precision, most double precision)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT count(*), sum(n * r ^ 2), max(abs(r)) FROM (%s) c', p_query);
END
$$;
CREATE TEMPORARY TABLE pair AS
SELECT 'the same user in two sales' AS what, 99 AS many_expected, 190.2 AS chi2_most, i.*
FROM independence('SELECT count(*) AS n, corr(p.a, p.b) AS r FROM luck,
    unnest(fractions[1:99], fractions[2:100]) WITH ORDINALITY p (a, b, seed) GROUP BY seed') i
UNION ALL
SELECT 'users one after the other, in a sale', 100, 191.5, i.*
FROM independence('SELECT count(*) AS n, corr(p.a, p.b) AS r FROM luck l JOIN luck o ON o.n = l.n + 1,
    unnest(l.fractions, o.fractions) WITH ORDINALITY p (a, b, seed) GROUP BY seed') i
UNION ALL
SELECT 'a user and the one with a digit more, in a sale', 100, 191.5, i.*
FROM independence('SELECT count(*) AS n, corr(p.a, p.b) AS r FROM luck l JOIN luck o ON o.n = l.n * 10,
    unnest(l.fractions, o.fractions) WITH ORDINALITY p (a, b, seed) GROUP BY seed') i;
SELECT diag(format('%s: %s correlations, the largest %s; chi-squared %s (%s expected, %s passes)', what, many,
                   round(most::numeric, 4), round(chi2::numeric, 1), many_expected, chi2_most)) FROM pair;
SELECT ok(many = many_expected AND chi2 < chi2_most, what || ': independent') FROM pair;

-- Names that differ in one letter's accent, in its case, or only in how the accent is written. (Workers write each in
-- one way, NFC, before they ask.)
CREATE TEMPORARY TABLE spelling AS
SELECT s, ARRAY(SELECT fraction(sale, name || u) FROM generate_series(1, 2000) u) AS fractions
FROM drawn, unnest(ARRAY['jose', U&'jos\00E9', U&'jose\0301', U&'jos\00E8', 'Jose', 'josef'])
            WITH ORDINALITY s (name, s)
WHERE n = 1;
SELECT ok(count(DISTINCT f) > 11990, 'similar names have turns of their own') FROM spelling, unnest(fractions) f;
SELECT ok(count(*) = 15 AND sum(2000 * r ^ 2) < 62.3, 'and independent ones')
FROM (SELECT corr(p.a, p.b) AS r FROM spelling l JOIN spelling o ON l.s < o.s, unnest(l.fractions, o.fractions) p (a, b)
      GROUP BY l.s, o.s) c;

-- The mean of 100 fractions has a standard deviation of 0.02887.
SELECT ok(stddev_pop(mean) BETWEEN 0.0272 AND 0.0305,
          'nobody is lucky in all sales: means over the sales differ by chance alone')
FROM (SELECT n, avg(f) AS mean FROM luck, unnest(fractions) f GROUP BY n) m;

SELECT * FROM finish();
ROLLBACK;
