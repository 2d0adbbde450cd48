-- Three roles: one owns the schema, one sells, one generates.
--
-- Roles belong to the whole cluster, so a second database on it finds them there already.
-- They are made without a password: pg_hba.conf says how each may log in.

BEGIN;

DO $$
BEGIN
    IF to_regrole('flashsale_owner') IS NULL THEN
        CREATE ROLE flashsale_owner NOLOGIN;
    END IF;
    IF to_regrole('flashsale_worker') IS NULL THEN
        CREATE ROLE flashsale_worker LOGIN;
    END IF;
    IF to_regrole('flashsale_generator') IS NULL THEN
        CREATE ROLE flashsale_generator LOGIN;
    END IF;
END
$$;

COMMENT ON ROLE flashsale_owner IS 'owns the schema flashsale and runs its functions';
COMMENT ON ROLE flashsale_worker IS 'the workers: may execute the functions of the sale, nothing else';
COMMENT ON ROLE flashsale_generator IS 'the hourly program: may insert sales and items';

COMMIT;
