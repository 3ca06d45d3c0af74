import { expect } from "chai";
import { keccak256, toBeHex } from "ethers";

import { toBytes, type Hex } from "../../src/core/bytes.js";
import { BUILDS } from "../../tools/compile.js";
import { sampleHeader } from "../../tools/headers.js";
import {
  ACTION,
  CONFIG,
  CONFIGURATOR,
  DAY,
  scopeNamed,
  STATUS,
  World,
  type Config,
  type Outcome,
  type Target,
} from "../../tools/policy/world.js";

const SCOPE = scopeNamed("market");
const HOUR = 3_600;
const { gap: GAP, staleFor, graceFor } = CONFIG;
/** How many blocks the history contract answers for (EIP-2935). */
const WINDOW = 8_191;

interface Proof {
  anchor: { number: bigint; hash: Hex };
  header: Hex;
  parent: Hex;
}

const joined = (...parts: Hex[]): Hex => `0x${parts.map((part) => part.slice(2)).join("")}`;
const bytesOf = (value: bigint): Uint8Array => (value === 0n ? new Uint8Array(0) : toBytes(toBeHex(value), "number"));
const hashOf = (header: Hex): Hex => keccak256(header) as Hex;

function headerOf(parent: Hex, number: bigint, time: bigint, fields = 21): Hex {
  return sampleHeader(fields, { 0: toBytes(parent, "hash"), 8: bytesOf(number), 11: bytesOf(time) });
}

/** The next block comes after so many seconds, and a usual one after it executes. Some forks have longer headers. */
async function stand(world: World, seconds: number, fields = 21): Promise<Proof> {
  const parent = headerOf(scopeNamed("grandparent"), world.number, world.time, fields);
  await world.setHash(world.number, hashOf(parent));
  world.pass(seconds, 1);
  const header = headerOf(hashOf(parent), world.number, world.time, fields);
  await world.setHash(world.number, hashOf(header));
  const anchor = { number: world.number, hash: hashOf(header) };
  world.pass(12, 1);
  return { anchor, header, parent };
}

for (const build of BUILDS) {
  describe(`standstills that two headers prove (${build.name})`, () => {
    let world: World;
    let target: Target;

    beforeEach(async () => {
      world = await World.create(build);
      target = await world.deploy("PolicyTarget");
      await target.do("configure", [SCOPE, CONFIG]);
    });

    const status = async (scope = SCOPE): Promise<string> => (await target.statusOf(scope)).status;
    const argsOf = ({ anchor, header, parent }: Proof, scope = SCOPE): unknown[] => [
      scope,
      anchor,
      joined(header, parent),
    ];
    const prove = async (proof: Proof, scope = SCOPE): Promise<Outcome> =>
      target.send("proveStandstill", argsOf(proof, scope));
    const told = (scope: Hex, { anchor }: Proof, apart: number): unknown => ({
      name: "ScopeStandstill",
      args: [scope, anchor.number, BigInt(apart)],
    });

    it("A5: after a quiet day a heartbeat sees an outage of 23 hours at once, by itself", async () => {
      world.pass(DAY);
      world.pass(23 * HOUR, 1);
      expect(await status()).to.equal("Stale");
      await target.refuses("ActionDenied", [SCOPE, ACTION.Increase, STATUS.Stale], "act", [SCOPE, ACTION.Increase]);
    });

    for (const [quiet, outage] of [
      [DAY, 3 * HOUR],
      [8 * DAY, 23 * HOUR],
    ] as const) {
      it(`A5: after ${quiet / DAY} quiet day(s) an outage of ${outage / HOUR} hours hides from the heartbeat, and anybody proves it, once`, async () => {
        world.pass(quiet);
        const proof = await stand(world, outage);
        await world.aside(async () => {
          expect(await status()).to.equal("Synced");
          await target.do("act", [SCOPE, ACTION.Increase]);
        });
        const { revertData, logs, values } = await prove(proof);
        expect(revertData).to.equal(undefined);
        expect(values).to.deep.equal([]);
        expect(logs).to.deep.equal([told(SCOPE, proof, outage)]);
        const proven = world.number;
        expect(await target.statusOf(SCOPE)).to.deep.equal({ status: "Stale", exits: "Stale" });
        await target.refuses("ActionDenied", [SCOPE, ACTION.Increase, STATUS.Stale], "act", [SCOPE, ACTION.Increase]);
        for (const [seconds, expected] of [
          [staleFor - 1, "Stale"],
          [staleFor, "Lagging"],
          [staleFor + graceFor - 1, "Lagging"],
          [staleFor + graceFor, "Synced"],
        ] as const) {
          await world.aside(async () => {
            world.pass(seconds);
            expect(await status(), `${seconds} s`).to.equal(expected);
            await target.refuses(
              "StandstillRecorded",
              [SCOPE, proof.anchor.number, proven],
              "proveStandstill",
              argsOf(proof),
            );
          });
        }
      });
    }

    it("A5: times that differ by the gap are none, by a second more are one; times that fall are none", async () => {
      for (const apart of [GAP, 12, 1, 0, -12]) {
        await world.aside(async () => {
          world.pass(DAY);
          const proof = await stand(world, apart);
          await target.refuses("NoStandstill", [SCOPE, Math.max(apart, 0), GAP], "proveStandstill", argsOf(proof));
        });
      }
      world.pass(DAY);
      const proof = await stand(world, GAP + 1);
      expect((await prove(proof)).logs).to.deep.equal([told(SCOPE, proof, GAP + 1)]);
      expect(await status()).to.equal("Stale");
    });

    it("A5: what a poke or an action has seen is on record", async () => {
      for (const [method, args] of [
        ["poke", [SCOPE]],
        ["ask", [SCOPE, ACTION.Decrease]],
      ] as const) {
        await world.aside(async () => {
          const proof = await stand(world, 2 * GAP);
          await target.do(method, args);
          const recorded = world.number;
          world.pass(DAY);
          await target.refuses(
            "StandstillRecorded",
            [SCOPE, proof.anchor.number, recorded],
            "proveStandstill",
            argsOf(proof),
          );
        });
      }
    });

    it("A5: what comes after an outage on record is proven, what came before it no longer", async () => {
      world.pass(DAY);
      const first = await stand(world, HOUR);
      world.pass(DAY / 2);
      const second = await stand(world, HOUR + 1);
      expect((await prove(second)).logs).to.have.length(1);
      await target.refuses("StandstillRecorded", [SCOPE, first.anchor.number, world.number], "proveStandstill", [
        ...argsOf(first),
      ]);
      const third = await stand(world, HOUR + 2);
      expect((await prove(third)).logs).to.deep.equal([told(SCOPE, third, HOUR + 2)]);
    });

    it("A5: neither one that ended before the scope was configured nor one that this block ended is proven", async () => {
      const proof = await stand(world, HOUR);
      const scope = scopeNamed("later");
      await target.do("configure", [scope, CONFIG]);
      world.pass(12);
      const args = [scope, proof.anchor.number, proof.anchor.number + 1n];
      await target.refuses("StandstillRecorded", args, "proveStandstill", argsOf(proof, scope));
      // A market that is listed in the first block after one knows nothing of it either.
      const other = await stand(world, HOUR);
      world.number = other.anchor.number;
      await target.do("configure", [scopeNamed("first"), CONFIG]);
      world.pass(12);
      const own = [scopeNamed("first"), other.anchor.number, other.anchor.number];
      await target.refuses("StandstillRecorded", own, "proveStandstill", argsOf(other, scopeNamed("first")));
    });

    it("A5: a gap that becomes smaller makes no outage of what was none; one that stays or becomes greater forgets none", async () => {
      const changes: [Partial<Config>, boolean][] = [
        [{ gap: 300 }, false],
        [{ graceFor: 700 }, true],
        [{ gap: 1_000 }, true],
      ];
      for (const [changed, isProven] of changes) {
        await world.aside(async () => {
          const next = { ...CONFIG, ...changed };
          await target.do("scheduleScope", [SCOPE, next], CONFIGURATOR);
          world.pass(2 * DAY);
          const proof = await stand(world, isProven ? 1_001 : 301);
          await target.do("applyScope", [SCOPE, next]);
          const applied = world.number;
          world.pass(12);
          const args = [SCOPE, proof.anchor.number, applied];
          if (isProven) expect((await prove(proof)).logs).to.have.length(1);
          else await target.refuses("StandstillRecorded", args, "proveStandstill", argsOf(proof));
        });
      }
    });

    it(`A5: it is proven for ${WINDOW} blocks, and not for one more`, async () => {
      world.pass(DAY);
      const proof = await stand(world, HOUR);
      world.number = proof.anchor.number + BigInt(WINDOW);
      world.time += BigInt(12 * WINDOW);
      await world.aside(async () => {
        expect((await prove(proof)).logs).to.deep.equal([told(SCOPE, proof, HOUR)]);
        expect(await status()).to.equal("Stale");
      });
      world.pass(12);
      const late = [proof.anchor.number, world.number, WINDOW];
      await target.refuses("AnchorOutOfWindow", late, "proveStandstill", argsOf(proof));
    });

    for (const fields of [15, 17, 23]) {
      it(`A5: headers of ${fields} fields prove it as well`, async () => {
        world.pass(DAY);
        const proof = await stand(world, HOUR, fields);
        expect((await prove(proof)).logs).to.deep.equal([told(SCOPE, proof, HOUR)]);
      });
    }

    it("A5: anchors that are none of this chain prove nothing", async () => {
      world.pass(DAY);
      const { anchor, header, parent } = await stand(world, HOUR);
      const headers = joined(header, parent);
      const { number, hash } = anchor;
      const other = scopeNamed("hash");
      const cases: [string, unknown[], { number: bigint; hash: Hex }][] = [
        ["AnchorMismatch", [number, other, hash], { number, hash: other }],
        ["ZeroAnchorHash", [number], { number, hash: scopeNamed("") }],
        ["AnchorIsCurrentBlock", [world.number], { number: world.number, hash }],
        ["AnchorInFuture", [world.number + 1n, world.number], { number: world.number + 1n, hash }],
      ];
      for (const [error, values, claimed] of cases)
        await target.refuses(error, values, "proveStandstill", [SCOPE, claimed, headers]);
      expect(await status()).to.equal("Synced");
    });

    it("A5: headers that are not the anchor's and its parent's, whole and alone, are refused with what is wrong", async () => {
      world.pass(DAY);
      const { anchor, header, parent } = await stand(world, HOUR);
      const { number, hash } = anchor;
      const forged = headerOf(hashOf(parent), number, world.time + 9_999n);
      const cousin = headerOf(scopeNamed("grandparent"), number - 1n, 1n);
      const cases: [string, string, unknown[], Hex][] = [
        ["another header", "HeaderHashMismatch", [number, hash, hashOf(forged)], joined(forged, parent)],
        ["another parent", "HeaderHashMismatch", [number - 1n, hashOf(parent), hashOf(cousin)], joined(header, cousin)],
        ["the two exchanged", "HeaderHashMismatch", [number, hash, hashOf(parent)], joined(parent, header)],
        ["the same twice", "HeaderHashMismatch", [number - 1n, hashOf(parent), hash], joined(header, header)],
        ["nothing", "HeaderMalformed", [255], "0x"],
        ["half a length", "HeaderMalformed", [255], "0xf902"],
        ["no parent", "HeaderMalformed", [255], header],
        ["half a parent", "HeaderMalformed", [255], joined(header, parent.slice(0, 400) as Hex)],
        ["a byte more", "HeaderMalformed", [255], joined(header, parent, "0x00")],
        ["a third header", "HeaderMalformed", [255], joined(header, parent, parent)],
        ["a string", "HeaderMalformed", [255], joined("0x80", header, parent)],
      ];
      for (const [what, error, values, headers] of cases) {
        const { revertData } = await target.try("proveStandstill", [SCOPE, anchor, headers]);
        expect(revertData && target.errorOf(revertData), what).to.deep.equal({
          name: error,
          args: values.map((value) => (typeof value === "number" ? BigInt(value) : value)),
        });
      }
    });

    it("A5: what has a known hash and is no header of that height is refused", async () => {
      world.pass(DAY);
      const { parent } = await stand(world, HOUR);
      const number = world.number - 1n;
      const known = async (header: Hex, error: string, values: unknown[]): Promise<void> => {
        await world.setHash(number, hashOf(header));
        const anchor = { number, hash: hashOf(header) };
        await target.refuses(error, values, "proveStandstill", [SCOPE, anchor, joined(header, parent)]);
      };
      await known(headerOf(hashOf(parent), number + 1n, world.time), "HeaderNumberMismatch", [number, number + 1n]);
      // A list of twelve lists, and one that ends before the time.
      await known("0xccc0c0c0c0c0c0c0c0c0c0c0c0", "HeaderMalformed", [0]);
      await known(sampleHeader(11), "HeaderMalformed", [11]);
    });

    describe("and what is above the scope", () => {
      const [CHAIN, PROTOCOL, MARKET] = ["chain", "chain/protocol", "chain/protocol/market"].map(scopeNamed) as [
        Hex,
        Hex,
        Hex,
      ];
      const gaps = { chain: 900, protocol: 1_800, market: 3_600 };

      beforeEach(async () => {
        await target.do("configure", [CHAIN, { ...CONFIG, gap: gaps.chain }]);
        await target.do("configure", [PROTOCOL, { ...CONFIG, parent: CHAIN, gap: gaps.protocol }]);
        await target.do("configure", [MARKET, { ...CONFIG, parent: PROTOCOL, gap: gaps.market }]);
        world.pass(8 * DAY);
      });

      const recorded = async (): Promise<boolean[]> => {
        const stale: boolean[] = [];
        for (const scope of [CHAIN, PROTOCOL, MARKET])
          stale.push((((await target.do("restrictionsOf", [scope]))[0] as unknown[])[0] as bigint) !== 0n);
        return stale;
      };

      for (const [apart, expected] of [
        [gaps.chain, [false, false, false]],
        [gaps.chain + 1, [true, false, false]],
        [gaps.protocol, [true, false, false]],
        [gaps.protocol + 1, [true, true, false]],
        [gaps.market + 1, [true, true, true]],
      ] as const) {
        it(`A5: ${apart} s are recorded where they exceed the gap, and the worst decides below`, async () => {
          const proof = await stand(world, apart);
          const scopes = [MARKET, PROTOCOL, CHAIN].filter((_, i) => expected[2 - i]);
          if (scopes.length === 0) {
            const values = [MARKET, apart, gaps.market];
            await target.refuses("NoStandstill", values, "proveStandstill", argsOf(proof, MARKET));
            return;
          }
          const { logs } = await prove(proof, MARKET);
          expect(logs).to.deep.equal(scopes.map((scope) => told(scope, proof, apart)));
          expect(await recorded()).to.deep.equal(expected);
          expect(await status(MARKET)).to.equal("Stale");
          expect(await status(PROTOCOL)).to.equal("Stale");
        });
      }

      it("A5: a proof that the parents know is recorded in the scope alone, and then in none", async () => {
        const proof = await stand(world, gaps.market + 1);
        expect((await prove(proof, PROTOCOL)).logs).to.have.length(2);
        expect(await recorded()).to.deep.equal([true, true, false]);
        expect((await prove(proof, MARKET)).logs).to.deep.equal([told(MARKET, proof, gaps.market + 1)]);
        for (const scope of [MARKET, PROTOCOL, CHAIN])
          await target.refuses(
            "StandstillRecorded",
            [scope, proof.anchor.number, world.number],
            "proveStandstill",
            argsOf(proof, scope),
          );
      });

      it("SG-2: it needs a configuration, of the scope and of what is above it", async () => {
        const proof = await stand(world, HOUR);
        const unknown = scopeNamed("nothing");
        await target.refuses("ScopeUnknown", [unknown], "proveStandstill", argsOf(proof, unknown));
        const below = scopeNamed("chain/other");
        await target.refuses("ScopeUnknown", [below], "proveStandstill", argsOf(proof, below));
      });
    });

    it("A5: a proof while the scope is Stale already makes it so for the whole time again", async () => {
      world.pass(GAP, 0);
      await target.do("poke", [SCOPE]);
      // Blocks that come faster than usual account for the time: the heartbeat sees none of it.
      world.pass(60, 80);
      const proof = await stand(world, GAP + 60);
      expect((await prove(proof)).logs).to.deep.equal([told(SCOPE, proof, GAP + 60)]);
      world.pass(staleFor - 1);
      expect(await status()).to.equal("Stale");
      world.pass(1, 0);
      expect(await status()).to.equal("Lagging");
    });
  });
}
