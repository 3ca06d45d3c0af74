import { strict as assert } from "node:assert";

import { AssertionError } from "chai";

/** An assertion as a matcher and as a plain function: both must come to the same. */
export type Both = Readonly<Record<"chai" | "plain", () => PromiseLike<unknown>>>;

/** Both pass. */
export async function pass({ chai, plain }: Both): Promise<void> {
  await chai();
  await plain();
}

/** The message with which both fail, each with the error that its runner knows. */
export async function failure({ chai, plain }: Both): Promise<string> {
  const [thrown, message] = [await thrownBy(chai), await thrownBy(plain)];
  assert(thrown instanceof AssertionError, `the matcher threw ${String(thrown)}`);
  assert(message instanceof assert.AssertionError, `the function threw ${String(message)}`);
  assert.equal(thrown.message, message.message);
  return thrown.message;
}

/** The message of each, where a run changes what the next one finds. */
export async function* messages({ chai, plain }: Both): AsyncGenerator<string> {
  for (const [run, kind] of [
    [chai, AssertionError],
    [plain, assert.AssertionError],
  ] as const) {
    const thrown = await thrownBy(run);
    assert(thrown instanceof kind, `thrown was ${String(thrown)}`);
    yield thrown.message;
  }
}

async function thrownBy(run: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  return assert.fail("the assertion passed");
}
