import { failureOf, type Finding } from "../assert/finding.js";

/** What makes matchers of chai, which are awaited, of findings. */
export class Kit {
  constructor(
    private readonly chai: Chai.ChaiStatic,
    private readonly utils: Chai.ChaiUtils,
    /** The function below which a failure's stack begins. */
    private readonly plugin: (...args: never[]) => unknown,
  ) {}

  /** The error of a failed assertion, which runners know. */
  failure(message: string): Error {
    return new this.chai.AssertionError(message, { showDiff: false }, this.plugin);
  }

  /** @throws chai's AssertionError unless the finding holds, or its negation */
  settle(finding: Finding, isNegated = false): void {
    const message = failureOf(finding, isNegated);
    if (message !== undefined) throw this.failure(message);
  }

  /** Adds a matcher that is no more than its finding. */
  add(name: string, find: (subject: never, ...args: never[]) => Promise<Finding>): void {
    this.method(name, async (assertion, ...args: never[]) => {
      const { subject, isNegated } = this.read(assertion);
      this.settle(await find(subject as never, ...args), isNegated);
    });
  }

  /** Adds a matcher. What it promises is what awaiting the assertion awaits. */
  method<Args extends unknown[]>(
    name: string,
    matcher: (assertion: Chai.AssertionStatic, ...args: Args) => Promise<unknown>,
  ): void {
    this.utils.addMethod(this.chai.Assertion.prototype, name, function (this: Chai.AssertionStatic, ...args: Args) {
      return settleWith(this, matcher(this, ...args));
    });
  }

  /** Read when a matcher is called: the flags may change while it is awaited. */
  read(assertion: Chai.AssertionStatic): { readonly subject: unknown; readonly isNegated: boolean } {
    const { flag } = this.utils;
    return { subject: flag(assertion, "object") as unknown, isNegated: flag(assertion, "negate") === true };
  }

  /** Keeps a promise with the assertion, for the matcher that may follow. */
  keep(assertion: Chai.AssertionStatic, name: string, found: Promise<unknown>): void {
    this.utils.flag(assertion, name, found);
  }

  /** What {@link keep} kept. */
  kept<T>(assertion: Chai.AssertionStatic, name: string): Promise<T> | undefined {
    return this.utils.flag(assertion, name) as Promise<T> | undefined;
  }
}

/**
 * Makes awaiting the assertion await the promise. A matcher must return the assertion itself. Hardhat's matchers bring
 * chai-as-promised along, which wraps every matcher and drops what else it returns.
 */
function settleWith(assertion: Chai.AssertionStatic, promise: Promise<unknown>): Chai.AssertionStatic {
  // The matcher that follows awaits a promise of its own, and this one's rejection would be unhandled.
  previous.get(assertion)?.catch(() => undefined);
  previous.set(assertion, promise);
  const done = () => promise.then(() => undefined);
  const then: Promise<void>["then"] = (...handlers) => done().then(...handlers);
  const fail: Promise<void>["catch"] = (handler) => done().catch(handler);
  return Object.assign(assertion, { then, catch: fail });
}

/** What an assertion awaited before another matcher was called on it. */
const previous = new WeakMap<object, Promise<unknown>>();
