import { inspect } from "node:util";

/**
 * Loaded into each of mocha's workers, which send failures as JSON. JSON has no bigints. A failure with one in it became
 * an error outside of all tests, and nobody learned which test failed.
 */
export const mochaHooks = {
  afterEach() {
    const error = this.currentTest?.err;
    for (const key of Object.keys(error ?? {})) if (!isJson(error[key])) error[key] = inspect(error[key], { depth: 9 });
  },
};

function isJson(value) {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}
