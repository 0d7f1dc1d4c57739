/** Read statements, built from names that the compiler checks, and run like every other statement. */
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type PrimitiveValueListNode,
  type RawBuilder,
  sql,
} from 'kysely';
import type { Tx } from './database.ts';

export { sql };

type Query<Row> = { compile(): { sql: string; parameters: readonly unknown[] }; execute(): Promise<Row[]> };
type Read<Given, Row> = (tx: Tx, given: Given) => Promise<Row[]>;

/** Else `execute` on a query would answer as if nothing were there. */
class NoDriver extends DummyDriver {
  override acquireConnection(): Promise<never> {
    return Promise.reject(new TypeError('a query is run by `read` or `readBy`'));
  }
}

/** Where a value stands that is given later. */
class Place {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** Each text is prepared once and kept: a list as long as what is asked would make one for every length. */
class BoundedTexts extends PostgresQueryCompiler {
  protected override visitPrimitiveValueList(_: PrimitiveValueListNode): void {
    throw new TypeError('a list is one parameter: compare with `anyOf`, not with `in`');
  }
}

/**
 * A builder over a service's `tables.ts`, which has what its role may read and nothing else. It never connects: what it
 * builds is run by `read` or `readBy`, in the caller's transaction, prepared and under the timeouts of `database.ts`.
 */
export function queriesOver<Tables>(): Pick<Kysely<Tables>, 'selectFrom'> {
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new NoDriver(),
      createIntrospector: (database) => new PostgresIntrospector(database),
      createQueryCompiler: () => new BoundedTexts(),
    },
  });
}

/** For a query whose shape depends on what is asked: built and compiled each time. */
export function read<Row extends object>(tx: Tx, query: Query<Row>): Promise<Row[]> {
  const { sql: text, parameters } = query.compile();
  return tx.query<Row>(text, parameters);
}

/** For one whose shape never changes: compiled once, since compiling takes about as long as sending and reading. */
export function readBy<Given extends object, Row extends object>(
  build: (given: Given) => Query<Row>,
): Read<Given, Row> {
  const places = new Proxy({}, { get: (_, name: string) => new Place(name) });
  const { sql: text, parameters } = build(places as Given).compile();
  return (tx, given) =>
    tx.query<Row>(
      text,
      parameters.map((each) => (each instanceof Place ? given[each.name as keyof Given] : each)),
    );
}

/** `column = anyOf(values)`, of a list that is one parameter whatever its length. */
export function anyOf<Value>(values: readonly Value[]): RawBuilder<Value> {
  return sql`any(${values})`;
}
