import { expect } from "chai";

import { SettlementGuardError } from "../../src/core/errors.js";

describe("SettlementGuardError", () => {
  it("F2: knows an error of another copy of the library, as the CommonJS build is one", async () => {
    const copy = "../../src/core/errors.js?copy";
    const { SettlementGuardError: Other } = (await import(copy)) as {
      SettlementGuardError: typeof SettlementGuardError;
    };
    expect(Other).not.to.equal(SettlementGuardError);

    const error: unknown = new Other("INVALID_ANCHOR", { reason: "zero hash" }, "a message");
    expect(SettlementGuardError.is(error)).to.equal(true);
    expect(SettlementGuardError.is(error, "INVALID_ANCHOR")).to.equal(true);
    expect(SettlementGuardError.is(error, "INVALID_HEX")).to.equal(false);
    expect(error).to.be.instanceOf(SettlementGuardError);
  });

  it("takes no other value for its own, of the same shape or none", () => {
    const lookalike = Object.assign(new Error("a message"), { name: "SettlementGuardError", code: "INVALID_ANCHOR" });
    for (const value of [lookalike, undefined, null, "INVALID_ANCHOR", 1n, () => lookalike])
      expect(SettlementGuardError.is(value), String(value)).to.equal(false);
  });
});
