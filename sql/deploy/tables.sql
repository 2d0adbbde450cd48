-- What is for sale, who holds it, who bought it, and who asked.
--
-- Rows that are updated under load (item, sale_stripe, buyer) have no index on what changes and
-- room on their page, so that updates stay on it (heap-only tuples).

BEGIN;

SET LOCAL ROLE flashsale_owner;
SET LOCAL search_path = flashsale, pg_temp;

CREATE TABLE sale (
    sale_id        integer     PRIMARY KEY,
    starts_at      timestamptz NOT NULL,
    ends_at        timestamptz NOT NULL,
    items_total    integer     NOT NULL,
    purchase_limit integer     NOT NULL,
    hold_s         integer     NOT NULL,
    generated_at   timestamptz NOT NULL DEFAULT now(),
    stays_open     boolean     NOT NULL DEFAULT false,
    sold_out_at    timestamptz,
    beside_others  boolean     NOT NULL DEFAULT false,
    holds_max      integer     NOT NULL DEFAULT 0,
    draw_s         integer     NOT NULL DEFAULT 0,
    open_until     timestamptz GENERATED ALWAYS AS (
                       CASE WHEN stays_open AND sold_out_at IS NULL THEN 'infinity' ELSE ends_at END) STORED,
    CONSTRAINT sale_id_positive CHECK (sale_id > 0),
    CONSTRAINT sale_window CHECK (starts_at < ends_at),
    CONSTRAINT sale_items_total CHECK (items_total BETWEEN 1 AND 1000000),
    CONSTRAINT sale_purchase_limit CHECK (purchase_limit BETWEEN 1 AND 1000),
    CONSTRAINT sale_holds_max CHECK (holds_max BETWEEN 0 AND 1000),
    CONSTRAINT sale_draw_s CHECK (draw_s BETWEEN 0 AND 604800),
    CONSTRAINT sale_hold_s CHECK (hold_s BETWEEN 1 AND 86400),
    CONSTRAINT sale_made_once UNIQUE (generated_at),
    CONSTRAINT sale_windows_apart EXCLUDE USING gist (tstzrange(starts_at, ends_at) WITH &&)
        WHERE (NOT beside_others)
);
COMMENT ON TABLE sale IS
    'a window [starts_at, ends_at) in which items_total items are sold; what is for sale, when and '
    'on which terms never changes once made';
COMMENT ON COLUMN sale.purchase_limit IS 'how many of its items one user may buy';
COMMENT ON COLUMN sale.generated_at IS 'tells the sale from every other, also of another database';
COMMENT ON COLUMN sale.stays_open IS
    'beyond ends_at, until every item is sold, beside the sales that begin meanwhile';
COMMENT ON COLUMN sale.beside_others IS
    'its window may overlap those of others: an operator made it so. Those of all the rest are apart';
COMMENT ON COLUMN sale.sold_out_at IS
    'of one that stays open: when it was seen to be over, some time after the last item was sold';
COMMENT ON COLUMN sale.hold_s IS 'how long a checkout reserves an item, in seconds';
COMMENT ON COLUMN sale.holds_max IS 'how many of its items one user may hold at once; 0: any number';
COMMENT ON COLUMN sale.draw_s IS
    'within how many seconds from starts_at each user''s turn comes, at a time that is drawn; 0: at once';
COMMENT ON COLUMN sale.open_until IS 'one that begins may be open until then, and is not open from then on';

CREATE INDEX sale_by_start ON sale (starts_at, sale_id);
CREATE INDEX sale_by_end ON sale (open_until);

CREATE TABLE item (
    sale_id         integer     NOT NULL,
    number          integer     NOT NULL,
    picture_seed    bigint      NOT NULL,
    price_cents     integer     NOT NULL,
    name            text        NOT NULL,
    held_until      timestamptz NOT NULL DEFAULT '-infinity',
    purchased_at    timestamptz,
    secret          uuid,
    held_by         text COLLATE "C",
    CONSTRAINT item_pkey PRIMARY KEY (sale_id, number),
    -- As many bytes as the programs have room for (catalog/item.h).
    CONSTRAINT item_name CHECK (octet_length(name) BETWEEN 1 AND 95),
    CONSTRAINT item_of_a_sale FOREIGN KEY (sale_id) REFERENCES sale,
    CONSTRAINT item_held_by_code CHECK (
        (held_until = '-infinity') = (held_by IS NULL)
        AND (held_by IS NULL) = (secret IS NULL)),
    CONSTRAINT item_sold_while_held CHECK (purchased_at < held_until)
) WITH (fillfactor = 50);
COMMENT ON TABLE item IS
    'one row is one thing to sell: free, held until a time by the user with its secret, or sold';
COMMENT ON COLUMN item.held_until IS
    'the item is free again from then on, by the clock alone, unless it was purchased';
COMMENT ON COLUMN item.secret IS 'the random part of the code that buys the item';
COMMENT ON COLUMN item.held_by IS 'the user who holds the item or, once it is purchased, the buyer';

CREATE TABLE buyer (
    sale_id        integer   NOT NULL,
    user_id        text COLLATE "C" NOT NULL,
    numbers        integer[] NOT NULL,
    granted        integer   NOT NULL,
    purchase_limit integer   NOT NULL,
    holds          integer[] NOT NULL DEFAULT '{}',
    holds_max      integer   NOT NULL DEFAULT 0,
    CONSTRAINT buyer_pkey PRIMARY KEY (sale_id, user_id),
    CONSTRAINT buyer_within_limit CHECK (cardinality(numbers) <= purchase_limit),
    CONSTRAINT buyer_within_bound CHECK (cardinality(holds) <= holds_max)
) WITH (fillfactor = 70);
COMMENT ON TABLE buyer IS
    'what a user bought in a sale and, if holds have a bound there, may hold: one row, so that the limit and the '
    'bound are constraints';
COMMENT ON COLUMN buyer.numbers IS 'the items in the order of their purchase';
COMMENT ON COLUMN buyer.granted IS 'how many of them, at the end, the last statement added';
COMMENT ON COLUMN buyer.holds IS
    'every item that the user holds is among them, if holds have a bound. The others'' hold ended: they leave '
    'when there is no room for a new one';

CREATE TABLE draw_secret (
    sale_id integer NOT NULL,
    secret  bytea   NOT NULL DEFAULT decode(replace(gen_random_uuid()::text || gen_random_uuid(), '-', ''), 'hex'),
    CONSTRAINT draw_secret_pkey PRIMARY KEY (sale_id),
    CONSTRAINT draw_secret_of_a_sale FOREIGN KEY (sale_id) REFERENCES sale ON DELETE CASCADE
);
COMMENT ON TABLE draw_secret IS
    'what draws the users'' turns of a sale with draw_s, so that nobody can know them before it begins';

CREATE TABLE wildcard_id (
    sale_id integer NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    id      text COLLATE "C" NOT NULL,
    number  integer NOT NULL,
    secret  uuid NOT NULL,
    CONSTRAINT wildcard_id_pkey PRIMARY KEY (sale_id, user_id, id)
);
COMMENT ON TABLE wildcard_id IS
    'which item a user was given for an id that names none, where such an id means any: while the user '
    'holds it by that secret, the same id means that item. At most a row for each checkout that was '
    'accepted so';

CREATE TABLE attempt (
    attempted_at timestamptz NOT NULL DEFAULT now(),
    sale_id      integer,
    number       integer,
    outcome      outcome     NOT NULL,
    secret       uuid,
    user_id      text COLLATE "C" NOT NULL
) PARTITION BY RANGE (attempted_at);
COMMENT ON TABLE attempt IS
    'every checkout that named a user, one row each, committed before its answer is sent';
COMMENT ON COLUMN attempt.sale_id IS 'the sale asked for, else the newest open one, else none';
COMMENT ON COLUMN attempt.number IS 'the item asked for or given; null where neither is known';

CREATE TABLE attempt_default PARTITION OF attempt DEFAULT;
COMMENT ON TABLE attempt_default IS
    'attempts of days that no partition was made for; attempt_partitions moves them';

CREATE TABLE sale_stripe (
    sale_id            integer NOT NULL,
    stripe             integer NOT NULL,
    checkouts_accepted bigint  NOT NULL DEFAULT 0,
    checkouts_repeated bigint  NOT NULL DEFAULT 0,
    checkouts_refused  bigint  NOT NULL DEFAULT 0,
    purchases_accepted bigint  NOT NULL DEFAULT 0,
    purchases_refused  bigint  NOT NULL DEFAULT 0,
    unoffered_next     integer NOT NULL,
    unoffered_last     integer NOT NULL,
    queue_next         bigint  NOT NULL DEFAULT 0,
    queue_offset       integer NOT NULL DEFAULT 0,
    queue_length       bigint  NOT NULL DEFAULT 0,
    purchased          smallint[],
    CONSTRAINT sale_stripe_pkey PRIMARY KEY (sale_id, stripe)
) WITH (fillfactor = 10);
COMMENT ON TABLE sale_stripe IS
    'counters of a sale, and where to look for a free item, spread over a few rows: a batch takes '
    'one that no other batch has, and readers sum them';
COMMENT ON COLUMN sale_stripe.unoffered_next IS
    'of the numbers up to unoffered_last, the first that was not yet offered as any item';
COMMENT ON COLUMN sale_stripe.queue_next IS
    'of the rows of hold_queue before queue_length, the first not yet used up; '
    'queue_offset of its numbers were offered';
COMMENT ON COLUMN sale_stripe.purchased IS
    'which requests of the last batch that had purchases were such, for that batch itself';

CREATE TABLE hold_queue (
    sale_id      integer     NOT NULL,
    stripe       integer     NOT NULL,
    position     bigint      NOT NULL,
    available_at timestamptz NOT NULL,
    numbers      integer[]   NOT NULL,
    users        integer[],
    CONSTRAINT hold_queue_pkey PRIMARY KEY (sale_id, stripe, position)
);
COMMENT ON COLUMN hold_queue.users IS
    'a hash of the name of each who got one of the numbers, in their order: so that a user''s are found';
COMMENT ON TABLE hold_queue IS
    'the holds of a stripe in the order in which they were given, which is the order in which they '
    'run out: each is looked at once, so finding a free item costs the same to the last one';

COMMIT;
