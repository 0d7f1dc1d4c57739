-- The desk's own little database: the customers that the example's workers really read and change. Countersign's roles
-- cannot enter it, nor the desk's role theirs.
CREATE TABLE IF NOT EXISTS customers (
  customer_id integer PRIMARY KEY,
  name text NOT NULL,
  email text NOT NULL UNIQUE,
  street text NOT NULL,
  city text NOT NULL,
  plan text NOT NULL CHECK (plan IN ('free', 'box', 'wholesale'))
);

CREATE TABLE IF NOT EXISTS orders (
  order_id integer PRIMARY KEY,
  customer_id integer NOT NULL REFERENCES customers,
  item text NOT NULL,
  amount_cents integer NOT NULL CHECK (amount_cents > 0),
  status text NOT NULL,
  ordered_on date NOT NULL
);

CREATE TABLE IF NOT EXISTS tickets (
  ticket_id integer PRIMARY KEY,
  sender text NOT NULL,
  email text NOT NULL,
  subject text NOT NULL,
  body text NOT NULL,
  received_at timestamptz NOT NULL
);

-- An attempt may be made again, an effect may not: each of these happens once for a job.
CREATE TABLE IF NOT EXISTS refunds (
  job_id text PRIMARY KEY,
  customer_id integer NOT NULL REFERENCES customers,
  ticket_id integer,
  amount_cents integer NOT NULL CHECK (amount_cents > 0),
  currency text NOT NULL,
  reason text NOT NULL,
  paid_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS notes (
  job_id text PRIMARY KEY,
  ticket_id integer NOT NULL REFERENCES tickets,
  note text NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
