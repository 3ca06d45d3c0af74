import { expect } from "chai";

import { cli, expectRefusal, type Run } from "./run.js";

describe("settlement-guard config", () => {
  const SCOPE = { chain: 1, minDepth: 2, maxAge: 64, gap: 900, staleFor: 600, graceFor: 1_800, exitsFor: 86_400 };
  const run = (value: unknown, ...options: string[]): Promise<Run> =>
    cli(["config", "-", ...options], { input: typeof value === "string" ? value : JSON.stringify(value) });

  it("F32: prints what contracts take, of a configuration that can work", async () => {
    const scopes = { exchange: SCOPE, "ETH-PERP": { ...SCOPE, parent: "exchange", gap: 1_000 } };
    const { code, stdout, stderr } = await run({ chains: { 1: { keeperLatency: 60 } }, scopes }, "--json");
    expect([code, stderr]).to.deep.equal([0, ""]);
    const printed = (JSON.parse(stdout) as { scopes: Record<string, unknown> }).scopes;
    const word = (name: string): string => `0x${Buffer.from(name).toString("hex").padEnd(64, "0")}`;
    expect(Object.keys(printed)).to.deep.equal(["exchange", "ETH-PERP"]);
    const { config, ...rest } = printed["ETH-PERP"] as { config: { policy: string } };
    const hidden = { busy: 1_032, hour: 1_450, day: 11_800, week: 76_600 };
    expect(rest).to.deep.equal({ id: word("ETH-PERP"), chain: 1, hidden });
    const { policy, ...numbers } = config;
    expect(policy).to.match(/^0x[0-9a-f]+$/);
    const { chain, ...own } = { ...SCOPE, gap: 1_000, parent: word("exchange") };
    expect(chain).to.equal(1);
    expect(numbers).to.deep.equal({ ...own, keeperLatency: 60, blockTime: 12_000, longestBlockTime: 13_500 });
    const plain = await run({ chains: { 1: { keeperLatency: 60 } }, scopes });
    expect(plain.stdout)
      .to.contain(`ETH-PERP: ${word("ETH-PERP")}\n`)
      .and.to.contain("gap 1000, staleFor 600")
      .and.to.contain(
        "an outage of 1032 s on a busy market, 1450 s after a quiet hour, 11800 s after a day, 76600 s after a week",
      );
  });

  it("F32: says each fault in a line and exits with 1", async () => {
    const scopes = { A: { ...SCOPE, gap: 1 }, B: { ...SCOPE, exitsFor: 1, chain: 5 } };
    const { code, stdout, stderr } = await run({ chains: { 1: { keeperLatency: 60 } }, scopes }, "--json");
    expect([code, stdout]).to.deep.equal([1, ""]);
    expect(stderr)
      .to.match(/^settlement-guard: scopes\["A"\]\.gap: 1 s /m)
      .and.to.match(/^settlement-guard: scopes\["B"\]\.chain: /m);
  });

  it("F32: exits with 2 where the file cannot be used", async () => {
    for (const [text, reason] of [
      ["", /there is nothing in it/],
      ["{", /cut short/],
      ["null", /it holds something else; expected one JSON object/],
      ["[]", /it holds something else; expected one JSON object/],
      ['{"chains":{},"chains":{}}', /"chains" stands twice/],
      ["[".repeat(1_000), /deeper/],
    ] as const)
      expectRefusal(text, await run(text), reason);
  });
});
