import { readFileSync, rmSync } from "node:fs";

import { expect } from "chai";
import hre from "hardhat";

describe("a task", () => {
  it("runs the command line against the network, and ends with its exit code", async () => {
    const { exitCode } = process;
    const account = `0x${"12".repeat(20)}`;
    await hre.tasks.getTask(["guard", "prove"]).run({ account, out: "proof.json" });
    expect(process.exitCode).to.equal(0);
    expect(JSON.parse(readFileSync("proof.json", "utf8"))).to.have.property("address", account);
    rmSync("proof.json");

    // There is no guard.
    await hre.tasks.getTask(["guard", "status"]).run({ guard: account, scope: "ETH-PERP", json: true });
    expect(process.exitCode).to.equal(1);
    process.exitCode = exitCode;
  });
});
