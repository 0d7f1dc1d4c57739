-- Who the desk serves. Kept as they are when they exist: the example changes them.
INSERT INTO customers (customer_id, name, email, street, city, plan) VALUES
  (1, 'Marta Kowalska',   'marta.kowalska@mail.example',   'ul. Długa 14',        'Gdańsk',    'box'),
  (2, 'Tomás Ferreira',   'tomas.ferreira@mail.example',   'Rua do Sol 3',        'Lisboa',    'box'),
  (3, 'Dana Whitfield',   'dana.whitfield@mail.example',   '41 Alder Street',     'Portland',  'free'),
  (4, 'Robert Hale',      'rob.hale@mail.example',         '9 Quarry Lane',       'Boise',     'box'),
  (5, 'Ingrid Solberg',   'ingrid.solberg@mail.example',   'Strandgata 22',       'Bergen',    'free'),
  (6, 'Pieter de Vries',  'pieter@cafe-zuid.example',      'Singel 301',          'Amsterdam', 'wholesale'),
  (7, 'Carl Brandt',      'carl.brandt@mail.example',      'Hauptstraße 5',       'Kassel',    'free'),
  (8, 'Amina Okafor',     'amina.okafor@mail.example',     '12 Marina Road',      'Lagos',     'wholesale')
ON CONFLICT DO NOTHING;

INSERT INTO orders (order_id, customer_id, item, amount_cents, status, ordered_on) VALUES
  (20310, 1, 'hand grinder',         8900, 'waiting for the carrier', '2026-04-02'),
  (20322, 3, 'paper filters',        1999, 'delivered',               '2026-04-07'),
  (20323, 3, 'paper filters',        1999, 'delivered',               '2026-04-07'),
  (20335, 5, 'espresso machine',    12000, 'delivered',               '2026-04-09'),
  (20340, 2, 'April box',            2900, 'packed',                  '2026-04-10'),
  (20391, 8, '40 kg espresso roast', 61200, 'delivered',              '2026-04-11'),
  (20402, 7, 'sample pack',           990, 'delivered',               '2026-04-12')
ON CONFLICT DO NOTHING;
