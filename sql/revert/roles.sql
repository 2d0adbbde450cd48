-- Another database of the cluster may still use the roles: then they stay.

DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY
        ARRAY['flashsale_worker', 'flashsale_generator', 'flashsale_owner']
    LOOP
        BEGIN
            EXECUTE format('DROP ROLE IF EXISTS %I', role_name);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            RAISE NOTICE 'role % is still in use', role_name;
        END;
    END LOOP;
END
$$;
