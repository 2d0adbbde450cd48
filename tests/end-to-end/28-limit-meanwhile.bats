#!/usr/bin/env bats
# A user reaches the limit while a batch is being decided that has found an item for that user.

load helper

setup_file() {
    # As many items as stripes, so that a batch for three has to look into three stripes.
    stack_start sale.items_per_sale=16 sale.purchase_limit=1 sale.holds_max=0 sale.hold_s=1
}

# A batch of three for any item, amy's last, that sleeps between finding items and assigning them.
batch_that_rests() {
    sql "CREATE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN PERFORM pg_sleep(1); RETURN NEW; END';
         CREATE TRIGGER rest BEFORE UPDATE ON flashsale.sale_stripe FOR EACH ROW
         WHEN (current_setting('application_name') = 'resting' AND NEW.checkouts_accepted = 0)
         EXECUTE FUNCTION rest()"
    PGAPPNAME=resting sql "SELECT outcome FROM flashsale.checkout_batch(
        ARRAY['bob', 'cat', 'amy'], ARRAY[0, 0, 0], ARRAY[0, 0, 0],
        ARRAY[gen_random_uuid(), gen_random_uuid(), gen_random_uuid()], ARRAY[0, 0, 0]::smallint[],
        ARRAY[now(), now(), now()], ARRAY[now(), now(), now()], false) ORDER BY ordinal"
}

@test "the item found for the user stays free for others" {
    code=$(hold amy)
    batch_that_rests >"$BATS_TEST_TMPDIR/outcomes" 3>&- &
    batch=$!
    sleep 0.5
    post "/purchase?code=$code"
    expect 200
    kill -0 "$batch" # else the purchase came too late
    wait "$batch"
    same "$(cat "$BATS_TEST_TMPDIR/outcomes")" $'accepted\naccepted\naccepted'
    sql 'DROP TRIGGER rest ON flashsale.sale_stripe'
    # The limit counts purchases: amy's hold ends in a second.
    all_sold() {
        for n in {1..15}; do
            post "/checkout?user_id=$RANDOM-$n"
            [[ $HTTP_STATUS != 200 ]] || post "/purchase?code=$(json .code)"
        done
        same "$(sold)" 16
    }
    wait_until 5000 all_sold
}
