-- What the hourly generator may do: find the sales that are missing, add them and their items, and keep
-- the attempt log's partitions. (Further changes let it list sales and audit them.)

BEGIN;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

GRANT SELECT ON sale TO flashsale_generator;
GRANT INSERT ON sale, item, sale_stripe TO flashsale_generator;
GRANT INSERT (sale_id) ON draw_secret TO flashsale_generator;
GRANT EXECUTE ON FUNCTION stripes() TO flashsale_generator;

CREATE FUNCTION note_sold_out() RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = flashsale, pg_temp
AS $$
    UPDATE sale s SET sold_out_at = now()
    WHERE s.stays_open AND s.sold_out_at IS NULL AND s.ends_at <= now()
      AND items_sold(s.sale_id) >= s.items_total
$$;
COMMENT ON FUNCTION note_sold_out() IS
    'has open_sales() no longer look at sales that stayed open until they were sold out';

CREATE FUNCTION sale_add(
    p_starts_at timestamptz, p_ends_at timestamptz, p_items_total integer,
    p_purchase_limit integer, p_hold_s integer, p_stays_open boolean DEFAULT false,
    p_beside_others boolean DEFAULT false, p_holds_max integer DEFAULT NULL, p_draw_s integer DEFAULT 0)
RETURNS integer
LANGUAGE plpgsql
SET search_path = flashsale, pg_temp
AS $$
DECLARE
    v_sale_id integer;
BEGIN
    PERFORM note_sold_out();
    -- Two sales of one moment have two times all the same.
    INSERT INTO sale (sale_id, starts_at, ends_at, items_total, purchase_limit, hold_s, generated_at,
                      stays_open, beside_others, holds_max, draw_s)
    SELECT coalesce(max(s.sale_id), 0) + 1, p_starts_at, p_ends_at, p_items_total,
           p_purchase_limit, p_hold_s,
           greatest(now(), max(s.generated_at) + interval '1 microsecond'), p_stays_open,
           p_beside_others, coalesce(p_holds_max, p_purchase_limit), p_draw_s
    FROM sale s
    RETURNING sale.sale_id INTO v_sale_id;

    INSERT INTO sale_stripe (sale_id, stripe, unoffered_next, unoffered_last)
    SELECT v_sale_id, stripe,
           (p_items_total::bigint * stripe / stripes())::integer + 1,
           (p_items_total::bigint * (stripe + 1) / stripes())::integer
    FROM generate_series(0, stripes() - 1) stripe;
    INSERT INTO draw_secret (sale_id) SELECT v_sale_id WHERE p_draw_s > 0;
    RETURN v_sale_id;
END
$$;
COMMENT ON FUNCTION sale_add(
    timestamptz, timestamptz, integer, integer, integer, boolean, boolean, integer, integer) IS
    'adds a sale and its stripes, without items, and returns its id; the caller''s transaction '
    'adds exactly items_total items before it commits. p_holds_max: as in sale; null: the purchase limit';

CREATE FUNCTION sale_windows(p_duration_s integer, p_sales_ahead integer)
RETURNS TABLE (starts_at timestamptz, ends_at timestamptz)
LANGUAGE sql STABLE
SET search_path = flashsale, pg_temp
AS $$
    SELECT to_timestamp((n * p_duration_s)::double precision),
           to_timestamp(((n + 1) * p_duration_s)::double precision)
    FROM (SELECT floor(extract(epoch FROM now()) / p_duration_s) + ahead AS n
          FROM generate_series(0, p_sales_ahead) ahead) w
    ORDER BY n
$$;
COMMENT ON FUNCTION sale_windows(integer, integer) IS
    'the windows that sales are to fill: the one that now() lies in and the p_sales_ahead next ones. They '
    'begin at multiples of p_duration_s since 1970, UTC';

-- Where sales of another duration cover a window in part, each gap that they leave becomes a sale of its
-- own, cut short, so that the next whole window is aligned again.
CREATE FUNCTION sale_plan(p_duration_s integer, p_sales_ahead integer, p_hold_s integer)
RETURNS TABLE (starts_at timestamptz, ends_at timestamptz)
LANGUAGE sql STABLE
SET search_path = flashsale, pg_temp
AS $$
    SELECT lower(gap), upper(gap)
    FROM sale_windows(p_duration_s, p_sales_ahead) w
    CROSS JOIN LATERAL (SELECT tstzrange(w.starts_at, w.ends_at) AS wanted) r
    CROSS JOIN LATERAL unnest(
        tstzmultirange(wanted) - coalesce(
            (SELECT range_agg(tstzrange(s.starts_at, s.ends_at)) FROM sale s
             WHERE NOT s.beside_others AND tstzrange(s.starts_at, s.ends_at) && wanted),
            tstzmultirange())) gap
    WHERE upper(gap) > now() AND upper(gap) - lower(gap) >= make_interval(secs => p_hold_s)
    ORDER BY lower(gap)
$$;
COMMENT ON FUNCTION sale_plan(integer, integer, integer) IS
    'the sales that are missing, the first to begin first: what sales leave of sale_windows(), where it '
    'has not passed and lasts for p_hold_s at least. Sales beside others leave all of it';

CREATE FUNCTION sale_has_all_items() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = flashsale, pg_temp
AS $$
DECLARE
    v_items integer;
BEGIN
    SELECT count(*) INTO v_items FROM item
    WHERE sale_id = NEW.sale_id AND number BETWEEN 1 AND NEW.items_total AND price_cents > 0;
    IF v_items <> NEW.items_total
       OR EXISTS (SELECT FROM item WHERE sale_id = NEW.sale_id
                  AND (number < 1 OR number > NEW.items_total)) THEN
        RAISE EXCEPTION 'sale % has % items of %', NEW.sale_id, v_items, NEW.items_total
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'sale_complete';
    END IF;
    IF EXISTS (SELECT FROM buyer WHERE sale_id = NEW.sale_id)
       OR EXISTS (SELECT FROM hold_queue WHERE sale_id = NEW.sale_id) THEN
        RAISE EXCEPTION 'sale % is new and has buyers or holds', NEW.sale_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'sale_begins_empty';
    END IF;
    IF NEW.draw_s > 0 AND NOT EXISTS (SELECT FROM draw_secret WHERE sale_id = NEW.sale_id) THEN
        RAISE EXCEPTION 'sale % has a draw and no secret', NEW.sale_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'sale_has_secret';
    END IF;
    -- Sessions plan anew: what they planned for a table of a few items would scan this sale's. Who has the table's
    -- lock is vacuuming or analysing it.
    ANALYZE (SKIP_LOCKED) item;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION sale_has_all_items() IS
    'refuses the commit of a sale without exactly its items, each with a price, or with a draw and no '
    'secret, and of one that finds what another of its number left; tells the planner of the items';

CREATE CONSTRAINT TRIGGER sale_complete AFTER INSERT ON sale
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION sale_has_all_items();

-- An hourly run is enough for a month of partitions.
CREATE FUNCTION attempt_partitions_until(p_duration_s integer, p_sales_ahead integer) RETURNS timestamptz
LANGUAGE sql STABLE
SET search_path = flashsale, pg_temp
AS $$
    SELECT least(max(w.ends_at), now() + interval '31 days')
    FROM sale_windows(p_duration_s, p_sales_ahead) w
$$;
COMMENT ON FUNCTION attempt_partitions_until(integer, integer) IS
    'until when the log needs partitions for the sales of sale_windows(): a month ahead at most';

CREATE FUNCTION attempt_days() RETURNS TABLE (partition text, day date)
LANGUAGE sql STABLE
SET search_path = flashsale, pg_temp
AS $$
    SELECT c.relname::text, to_date(substr(c.relname, 9), 'YYYY_MM_DD')
    FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
    WHERE h.inhparent = 'attempt'::regclass AND c.relname ~ '^attempt_\d{4}_\d\d_\d\d$'
$$;
COMMENT ON FUNCTION attempt_days() IS 'the log''s partitions, each with its day (UTC)';

CREATE FUNCTION attempt_partitions_due(p_until timestamptz, p_retention_days integer)
RETURNS TABLE (action text, partition text, day date)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = flashsale, pg_temp
SET timezone = 'UTC'
AS $$
    SELECT 'make', to_char(d, '"attempt_"YYYY_MM_DD'), d::date
    FROM generate_series(now()::date, p_until::date, '1 day') d
    WHERE to_regclass(to_char(d, '"attempt_"YYYY_MM_DD')) IS NULL
    UNION ALL
    SELECT 'drop', a.partition, a.day FROM attempt_days() a
    WHERE a.day < now()::date - p_retention_days
    ORDER BY 3
$$;
COMMENT ON FUNCTION attempt_partitions_due(timestamptz, integer) IS
    'what attempt_partitions would do now: the partitions to make and to drop, by day';

CREATE FUNCTION attempt_partitions(p_until timestamptz, p_retention_days integer)
RETURNS TABLE (made integer, dropped integer)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = flashsale, pg_temp
SET timezone = 'UTC'
SET lock_timeout = '2s'
AS $$
DECLARE
    v_due record;
BEGIN
    made := 0;
    dropped := 0;
    FOR v_due IN SELECT * FROM attempt_partitions_due(p_until, p_retention_days) LOOP
        IF v_due.action = 'drop' THEN
            EXECUTE format('DROP TABLE %I', v_due.partition);
            dropped := dropped + 1;
            CONTINUE;
        END IF;
        -- Attached, not created in place: so inserts into other partitions go on meanwhile.
        EXECUTE format('CREATE TABLE %I (LIKE attempt INCLUDING DEFAULTS)', v_due.partition);
        IF EXISTS (SELECT FROM attempt_default
                   WHERE attempted_at >= v_due.day AND attempted_at < v_due.day + 1) THEN
            LOCK TABLE attempt_default IN ACCESS EXCLUSIVE MODE;
            EXECUTE format(
                'WITH moved AS (DELETE FROM attempt_default
                                WHERE attempted_at >= %1$L AND attempted_at < %2$L RETURNING *)
                 INSERT INTO %3$I SELECT * FROM moved', v_due.day, v_due.day + 1, v_due.partition);
        END IF;
        EXECUTE format('ALTER TABLE attempt ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       v_due.partition, v_due.day, v_due.day + 1);
        made := made + 1;
    END LOOP;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION attempt_partitions(timestamptz, integer) IS
    'makes the log''s partitions, one a day (UTC), from today until p_until, and drops those that '
    'ended more than p_retention_days ago';

GRANT EXECUTE ON FUNCTION
    note_sold_out(),
    sale_add(timestamptz, timestamptz, integer, integer, integer, boolean, boolean, integer, integer),
    sale_windows(integer, integer),
    sale_plan(integer, integer, integer),
    attempt_partitions_until(integer, integer),
    attempt_partitions_due(timestamptz, integer),
    attempt_partitions(timestamptz, integer) TO flashsale_generator;

COMMIT;
