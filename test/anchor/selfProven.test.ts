import { expect } from "chai";
import { keccak256, toBeHex } from "ethers";

import { toBytes, type Hex } from "../../src/core/bytes.js";
import { hashHeader } from "../../src/header/header.js";
import { sampleHeader } from "../../tools/headers.js";
import { BUILDS } from "../../tools/compile.js";
import { CONFIG, hashOf, scopeNamed, Target, World } from "../../tools/policy/world.js";
import { ARB_SYS } from "../../tools/sources/install.js";

const SCOPE = scopeNamed("market");
const [ETHEREUM, ARBITRUM_ONE, UNLISTED, OTHER] = [1, 42_161, 999_999_937, 999_999_893];
/** `ChainFault`, as the contract numbers it. */
const [HEIGHT, HASH, PARENT_HASH, TIME] = [0, 1, 2, 3];
const HOUR = 3_600n;

const word = (value: bigint): Hex => toBeHex(value, 32) as Hex;
const bytesOf = (value: bigint): Uint8Array => (value === 0n ? new Uint8Array(0) : toBytes(toBeHex(value), "number"));

interface Block {
  number: bigint;
  time?: bigint;
  parent?: Hex;
}

/** The header of a block of the world, which its source does not know yet. */
function headerOf(world: World, { number, time = world.time - 12n, parent = hashOf(number - 1n) }: Block): Hex {
  return sampleHeader(21, { 0: toBytes(parent, "hash"), 8: bytesOf(number), 11: bytesOf(time) });
}

/** The same, and the world's source knows it. */
async function blockOf(world: World, block: Block): Promise<Hex> {
  const header = headerOf(world, block);
  await world.setHash(block.number, hashHeader(header));
  return header;
}

for (const build of BUILDS) {
  describe(`a chain that proves itself (${build.name})`, () => {
    let world: World;

    beforeEach(async () => {
      world = await World.create(build, UNLISTED);
    });

    const refuses = async (
      fault: number,
      given: Hex,
      shown: Hex,
      header: Hex,
      name = "SelfProvenTarget",
    ): Promise<void> => world.refusesToDeploy(name, "ChainUnproven", [UNLISTED, fault, given, shown], [header]);

    it("SG-16, C7: an unlisted chain passes with the header of a recent block, of every age that BLOCKHASH answers for", async () => {
      for (const depth of [1n, 2n, 254n, 255n]) {
        const number = world.number - depth;
        const target = await world.deploy("SelfProvenTarget", [await blockOf(world, { number })]);
        await target.do("act", [{ number, hash: hashHeader(headerOf(world, { number })) }]);
      }
    });

    it("SG-16, SG-2: without a header a listed chain passes, and no other", async () => {
      await (await World.create(build, ETHEREUM)).deploy("SelfProvenTarget", ["0x"]);
      await world.refusesToDeploy("SelfProvenTarget", "UnsupportedChain", [UNLISTED], ["0x"]);
      await (
        await World.create(build, ARBITRUM_ONE)
      ).refusesToDeploy("SelfProvenTarget", "UnsupportedChain", [ARBITRUM_ONE], ["0x"]);
    });

    it("SG-16, SG-2: a header that is given is checked on a listed chain, too", async () => {
      const listed = await World.create(build, ETHEREUM);
      const header = headerOf(listed, { number: listed.number - 1n });
      const values = [ETHEREUM, HASH, hashHeader(header), hashOf(listed.number - 1n)];
      await listed.refusesToDeploy("SelfProvenTarget", "ChainUnproven", values, [header]);
    });

    it("SG-16, C5, C6: a height outside of the source's window is refused: too old, too new, none at all", async () => {
      const heights = [world.number - 257n, world.number - 256n, world.number, world.number + 1n, 1n, 0n, 2n ** 64n];
      for (const number of heights) {
        const header = headerOf(world, { number, parent: hashOf(7n) });
        const given = number >= 2n ** 64n ? 2n ** 64n - 1n : number;
        await refuses(HEIGHT, word(given), word(world.number), header);
      }
    });

    it("SG-16, C9: a window shorter than BLOCKHASH's bounds the height, and must hold the parent as well", async () => {
      await world.deploy("ShortWindowTarget", [await blockOf(world, { number: world.number - 9n })]);
      const number = world.number - 10n;
      await refuses(HEIGHT, word(number), word(world.number), await blockOf(world, { number }), "ShortWindowTarget");
    });

    it("SG-16, C7: opcodes that answer words which anybody can compute are refused, and so is another chain's header", async () => {
      const number = world.number - 2n;
      const header = headerOf(world, { number });
      await refuses(HASH, hashHeader(header), hashOf(number), header);
    });

    it("SG-16, SG-3: a source that knows nothing is refused, whatever the header says", async () => {
      const number = world.number - 2n;
      await world.setHash(number, word(0n));
      await refuses(HASH, hashHeader(headerOf(world, { number })), word(0n), headerOf(world, { number }));
      // A parent of zero is not the zero that a source answers for "unknown".
      const orphan = await blockOf(world, { number, parent: word(0n) });
      await world.setHash(number - 1n, word(0n));
      await refuses(PARENT_HASH, word(0n), word(0n), orphan);
    });

    it("SG-16: a block whose parent is on another branch than the source's is refused", async () => {
      const number = world.number - 2n;
      const header = await blockOf(world, { number, parent: hashOf(5n) });
      await refuses(PARENT_HASH, hashOf(5n), hashOf(number - 1n), header);
    });

    it("SG-16: a header from after the executing block, or from more than an hour before it, is refused", async () => {
      const number = world.number - 2n;
      for (const time of [world.time + 1n, world.time - HOUR - 1n, 0n])
        await refuses(TIME, word(time), word(world.time), await blockOf(world, { number, time }));
      for (const time of [world.time, world.time - HOUR])
        await world.deploy("SelfProvenTarget", [await blockOf(world, { number, time })]);
    });

    it("SG-16, H4: bytes that are no header are refused with the field, also where the source has their hash", async () => {
      const number = world.number - 2n;
      const header = headerOf(world, { number });
      for (const [bytes, field] of [
        ["0x00", 255],
        [header.slice(0, -2), 255],
        [`${header}00`, 255],
        [`0x80${header.slice(4)}`, 255],
        ["0xc0", 0],
        [`0xc180`, 0],
        [`0xdf9e${"01".repeat(30)}`, 0], // a parent of 30 bytes
        [`0xf844a0${"01".repeat(32)}a0${"02".repeat(32)}8080`, 4], // ends after four fields
      ] as const) {
        await world.setHash(number, keccak256(bytes) as Hex);
        await world.refusesToDeploy("SelfProvenTarget", "HeaderMalformed", [field], [bytes]);
      }
    });

    it("SG-16, C7: where the opcodes speak of another chain ArbSys is proven the same way, and they are refused", async () => {
      const arbSys = await world.deploy("ArbSysAnswers", []);
      await world.setCode(ARB_SYS, await world.code(arbSys.address));
      const answers = new Target(world, ARB_SYS, arbSys.abi);
      const head = 300_000_000n;
      const number = head - 3n;
      const header = headerOf(world, { number });
      await answers.do("setHead", [head]);
      await answers.do("setHash", [number, hashHeader(header)]);
      await answers.do("setHash", [number - 1n, hashOf(number - 1n)]);
      const target = await world.deploy("ArbSysTarget", [header]);
      await target.do("act", [{ number, hash: hashHeader(header) }]);
      await refuses(HEIGHT, word(number), word(world.number), header);
      await answers.do("setHash", [number - 1n, word(0n)]);
      await refuses(PARENT_HASH, hashOf(number - 1n), word(0n), header, "ArbSysTarget");
    });

    describe("and scopes", () => {
      const config = { ...CONFIG };

      it("SG-16: a scope is configured on a chain that proved itself, later as well", async () => {
        const target = await world.deploy("SelfProvenExchange", [await blockOf(world, { number: world.number - 1n })]);
        world.pass(86_400, 7_200);
        await target.do("configure", [SCOPE, config]);
        expect((await target.statusOf(SCOPE)).status).to.equal("Synced");
      });

      it("SG-16, A21: behind a proxy its constructor's proof does not count, and the initializer's does", async () => {
        const header = await blockOf(world, { number: world.number - 1n });
        const original = await world.deploy("SelfProvenExchange", [header]);
        const proxy = await world.deploy("Delegator", [original.address]);
        const target = new Target(world, proxy.address, original.abi);
        await target.refuses("UnsupportedChain", [UNLISTED], "configure", [SCOPE, config]);
        await target.refuses("UnsupportedChain", [UNLISTED], "initialize", ["0x", SCOPE, config]);
        const other = headerOf(world, { number: world.number - 2n });
        const values = [UNLISTED, HASH, hashHeader(other), hashOf(world.number - 2n)];
        await target.refuses("ChainUnproven", values, "initialize", [other, SCOPE, config]);
        await target.do("initialize", [header, SCOPE, config]);
        await target.do("configure", [scopeNamed("other"), config]);
      });

      it("SG-16, A21: nor does it count while the proxy is under construction", async () => {
        const header = await blockOf(world, { number: world.number - 1n });
        const { address, abi } = await world.deploy("SelfProvenExchange", [header]);
        const call = (method: string, args: readonly unknown[]): string => abi.encodeFunctionData(method, [...args]);
        const deploy = async (question: string): Promise<unknown> =>
          world.deploy("InitializedProxy", [address, question]).then(() => "deployed", String);
        expect(await deploy(call("configure", [SCOPE, config]))).to.contain(
          abi.encodeErrorResult("UnsupportedChain", [UNLISTED]),
        );
        expect(await deploy(call("initialize", [header, SCOPE, config]))).to.equal("deployed");
      });

      it("SG-16, SG-10, A21: a proof counts on the chain that gave it: code and storage that got to another have none", async () => {
        const original = await world.deploy("SelfProvenExchange", [
          await blockOf(world, { number: world.number - 1n }),
        ]);
        const there = await world.onChain(OTHER);
        const target = new Target(there, original.address, original.abi);
        await target.refuses("UnsupportedChain", [OTHER], "configure", [SCOPE, config]);
      });
    });
  });
}
