import { expect } from "chai";
import { network } from "hardhat";

import { toBytes, toHex, toQuantity, toWord, type Hex } from "../../src/core/bytes.js";
import { SettlementGuardError } from "../../src/core/errors.js";
import { hardhatForks, type HardhatChain } from "../../src/hardhat/index.js";
import { encodeHeader } from "../../src/header/fromRpc.js";
import { hashHeader, readHeader } from "../../src/header/header.js";
import { prove, type ProveOptions } from "../../src/actions/prove.js";
import { keccak256, setKeccak256 } from "../../src/core/keccak.js";
import type { Request } from "../../src/rpc/request.js";
import { EMPTY_ROOT } from "../../src/proof/trie.js";
import { rejected } from "../../tools/errors.js";
import { buildTrie, rlpInteger, rlpList, rlpString } from "../../tools/buildTrie.js";

interface StorageEntry {
  key: string;
  value: string;
  proof: string[] | null;
}

/** An answer of `eth_getProof`, to be bent. */
interface Answer {
  [field: string]: unknown;
  address: string;
  nonce: string;
  balance: string;
  storageHash: string;
  codeHash: string;
  accountProof: string[];
  storageProof: StorageEntry[];
}

const VAULT: Hex = "0x00000000000000000000000000000000000a1107";
const NOBODY: Hex = "0x00000000000000000000000000000000000f00d5";
const SLOTS = 40n;
const valueOf = (slot: bigint): bigint => 1000n * slot + 7n;

describe("prove", function () {
  let chain: HardhatChain;
  let harness: Awaited<ReturnType<typeof deployHarness>>;
  let anchor: { number: bigint; hash: Hex };

  const deployHarness = (on: HardhatChain) => on.tools.ethers.deployContract("StateProofHarness");

  before(async function () {
    chain = await hardhatForks(network).create();
    harness = await deployHarness(chain);
    const set = (method: string, ...params: unknown[]): Promise<unknown> => chain.request({ method, params });
    await set("hardhat_setCode", VAULT, "0x00");
    await set("hardhat_setBalance", VAULT, toQuantity(5n));
    for (let slot = 1n; slot <= SLOTS; slot++) {
      await set("hardhat_setStorageAt", VAULT, toQuantity(slot), toWord(valueOf(slot)));
    }
    await chain.mine(1); // the header of the block that was edited does not know of it
    anchor = chain.head;
    await chain.mine(1); // what is set next changes the state of this block
    await set("hardhat_setStorageAt", VAULT, "0x1", toWord(1n));
    await chain.mine(3);
  });

  /** An endpoint that answers `eth_getProof` with something else. */
  const lying =
    (bend: (answer: Answer, params: readonly unknown[]) => unknown): Request =>
    async (args) => {
      const answer = await chain.request(args);
      return args.method === "eth_getProof" ? bend(structuredClone(answer) as Answer, args.params ?? []) : answer;
    };
  const at = (options: Partial<ProveOptions> = {}): ProveOptions => ({ anchor, account: VAULT, ...options });
  const proofOf = (params: readonly unknown[]): Promise<Answer> =>
    chain.request({ method: "eth_getProof", params }) as Promise<Answer>;

  it("proves an account and slots at an old block, and returns a witness that the contract accepts", async function () {
    const proven = await prove(chain, at({ slots: [3n, 2n, 999n, toWord(3n)] }));
    expect(proven.anchor).to.include(anchor);
    expect(readHeader(proven.header, anchor.hash).stateRoot).to.equal(proven.anchor.stateRoot);
    expect(proven.account).to.include({ status: "present", nonce: 0n, balance: 5n });
    const values = new Map(proven.slots.map(({ slot, value }) => [BigInt(slot), value]));
    expect([...values].sort(([a], [b]) => Number(a - b))).to.deep.equal([
      [2n, valueOf(2n)],
      [3n, valueOf(3n)],
      [999n, 0n],
    ]);

    const slots = proven.slots.map(({ slot }) => slot);
    const [exists, fields, read] = await harness
      .getFunction("readAccountSlots")
      .staticCall(proven.anchor.stateRoot, VAULT, slots, proven.witness);
    expect([exists, fields.balance]).to.deep.equal([true, 5n]);
    expect([...read]).to.deep.equal(proven.slots.map(({ value }) => value));
    if (proven.account.status === "absent") throw new TypeError("the vault is there");
    const { storageRoot } = proven.account;
    const known = await harness.getFunction("readSlots").staticCall(storageRoot, slots, proven.storageWitness);
    expect([...known]).to.deep.equal(proven.slots.map(({ value }) => value));
  });

  it("F30: gives two slots to a contract's check as they are, and no slot that was not asked for", async function () {
    const checks = await chain.tools.ethers.deployContract("CrossChainHarness", [1n]);
    const { anchor: at_, address, slots, witness } = await prove(chain, at({ slots: [1n, 7n] }));
    const asked = slots.map(({ slot }) => slot);
    const values = await checks.getFunction("valuesOf").staticCall(at_.stateRoot, address, asked, witness);
    expect([...values]).to.deep.equal(slots.map(({ value }) => value));
    expect(slots.map(({ value }) => value).sort()).to.deep.equal([valueOf(1n), valueOf(7n)].sort());
    const other = checks.getFunction("valuesOf").staticCall(at_.stateRoot, address, [toWord(2n)], witness);
    await expect(other).to.be.revertedWithCustomError(checks, "StateProofInvalid");
  });

  it("gives one slot, and none, in the form that the contract takes for them", async function () {
    const one = await prove(chain, at({ slots: [1n] }));
    const { stateRoot } = one.anchor;
    const accountSlot = harness.getFunction("readAccountSlot");
    const slot = await accountSlot.staticCall(stateRoot, VAULT, toWord(1n), one.witness);
    expect([...slot]).to.deep.equal([true, valueOf(1n)]);

    const none = await prove(chain, at());
    const [exists, fields] = await harness.getFunction("readAccount").staticCall(stateRoot, VAULT, none.witness);
    expect([exists, fields.balance]).to.deep.equal([true, 5n]);

    const nobody = await prove(chain, at({ account: NOBODY, slots: [1n] }));
    expect(nobody.account).to.deep.equal({ status: "absent" });
    expect(nobody.slots).to.deep.equal([{ slot: toWord(1n), value: 0n }]);
    const nothing = await accountSlot.staticCall(stateRoot, NOBODY, toWord(1n), nobody.witness);
    expect([...nothing]).to.deep.equal([false, 0n]);
  });

  it("hashes each node once, however many proofs and answers list it", async function () {
    const listed = new Set<string>();
    const listening = lying((answer) => {
      for (const proof of [answer.accountProof, ...answer.storageProof.map((entry) => entry.proof!)])
        proof.forEach((node) => listed.add(node));
      return answer;
    });
    const hashed: string[] = [];
    const engine = setKeccak256(keccak256);
    setKeccak256((bytes) => {
      hashed.push(toHex(bytes));
      return engine(bytes);
    });
    try {
      await prove(listening, at({ slots: [1n, 2n, 3n, 999n], slotsPerRequest: 2 }));
    } finally {
      setKeccak256(engine);
    }
    expect(listed.size).to.be.greaterThan(5);
    expect(hashed.filter((bytes) => listed.has(bytes)).sort()).to.deep.equal([...listed].sort());
  });

  it("takes an anchor, a state anchor, a hash, a number or a tag, and refuses a header that is not the anchor's", async function () {
    const { anchor: proven } = await prove(chain, at());
    const { number, hash } = anchor;
    const plain: { number: bigint; hash: string; stateRoot: string } = proven; // F10: hashes as ethers gives them
    for (const block of [proven, plain, { number, hash }, { hash }, { number }, number, Number(number)]) {
      expect((await prove(chain, at({ anchor: block }))).anchor).to.deep.equal(proven);
    }
    expect((await prove(chain, at({ anchor: "latest" }))).anchor.hash).to.equal(chain.head.hash);
    await rejected("HEADER_NUMBER_MISMATCH", prove(chain, at({ anchor: { ...anchor, number: anchor.number + 1n } })));
    await rejected("STATE_ROOT_MISMATCH", prove(chain, at({ anchor: { ...anchor, stateRoot: toWord(1n) } })));
    await rejected("INVALID_ANCHOR", prove(chain, at({ anchor: { ...anchor, hash: toWord(0n) } })));
    await rejected("INVALID_ANCHOR", prove(chain, at({ anchor: { ...proven, stateRoot: toWord(0n) } })));
  });

  it("F22: refuses anchors and options of any other kind before anything is asked", async function () {
    const silent: Request = () => {
      throw new TypeError("asked");
    };
    const { number, hash } = anchor;
    const stateRoot = toWord(1n);
    for (const none of [
      ...[undefined, null, true, "pending", hash, -1n, 1.5, NaN, [], {}, { stateRoot }, { hash, stateRoot }],
      ...[
        { number, stateRoot },
        { number, hash, stateroot: stateRoot },
        { number: "2", hash },
        { ...anchor, depth: 2 },
      ],
      { number, hash, stateRoot, timestamp: 5n },
    ])
      expect(await prove(silent, at({ anchor: none as never })).catch(codeOf), String(none)).to.match(
        /^INVALID_(ANCHOR|HEX)$/,
      );
    for (const options of [
      ...[undefined, null, 5, "latest", [], { ...at(), slot: [7n] }, { ...at(), slots: 7n }, { ...at(), slots: null }],
      ...[
        { ...at(), slots: "0x07" },
        { ...at(), timeout: 0 },
        { ...at(), timeout: "5" },
      ],
      ...[0, -1, 1.5, NaN, Infinity, "20", 20n].map((slotsPerRequest) => ({ ...at(), slotsPerRequest })),
    ])
      await rejected("INVALID_OPTION", prove(silent, options as never));
    for (const account of [undefined, null, 5, {}, "vault.eth"])
      await rejected("INVALID_HEX", prove(silent, at({ account: account as never })));
  });

  it("O2: asks by block hash and for a canonical block, and by number only where a hash is not taken", async function () {
    const asked: unknown[] = [];
    const recording: Request = (args) => {
      if (args.method === "eth_getProof") asked.push(args.params?.[2]);
      return chain.request(args);
    };
    await prove(recording, at());
    expect(asked.splice(0)).to.deep.equal([{ blockHash: anchor.hash, requireCanonical: true }]);

    for (const refusal of [
      { code: -32602, message: "nope" },
      { code: -32000, message: "cannot unmarshal object into string" },
    ]) {
      const byNumber: Request = async (args) => {
        if (args.method === "eth_getProof" && typeof args.params?.[2] === "object")
          throw Object.assign(new Error(refusal.message), refusal);
        return recording(args);
      };
      const proven = await prove(byNumber, at({ slots: [2n] }));
      expect(asked.splice(0)).to.deep.equal([toQuantity(anchor.number)]);
      expect(proven.slots[0]?.value).to.equal(valueOf(2n));
    }
  });

  it("O2, O3: a proof of another block is told from one that is broken", async function () {
    const other = await rejected(
      "PROOF_OF_OTHER_STATE",
      prove(
        lying((_, [who, slots]) => proofOf([who, slots, toQuantity(anchor.number + 1n)])),
        at({ slots: [1n] }),
      ),
    );
    expect(other.details.expected).to.equal((await prove(chain, at())).anchor.stateRoot);
    expect(other.details.actual).to.not.equal(other.details.expected);
    let answered = 0;
    const second = lying((answer, [who, slots]) =>
      answered++ === 0 ? answer : proofOf([who, slots, toQuantity(anchor.number + 1n)]),
    );
    await rejected("PROOF_OF_OTHER_STATE", prove(second, at({ slots: [998n, 999n], slotsPerRequest: 1 })));
    const bent = lying((answer) => ({
      ...answer,
      accountProof: [`${answer.accountProof[0]!.slice(0, -2)}81`, ...answer.accountProof.slice(1)],
    }));
    await rejected("PROOF_OF_OTHER_STATE", prove(bent, at()));
  });

  it("O3: another account's proof and another slot's are refused, also where the fields are made to fit", async function () {
    const neighbour = (await chain.tools.ethers.getSigners())[0]!.address;
    const account = await rejected(
      "PROOF_INVALID",
      prove(
        lying(async (answer, [, slots, block]) => ({
          ...answer,
          accountProof: (await proofOf([neighbour, slots, block])).accountProof,
        })),
        at(),
      ),
    );
    expect(account.details.what).to.equal("account");

    const swapped = lying((answer) => {
      const [a, b] = answer.storageProof as [StorageEntry, StorageEntry];
      return {
        ...answer,
        storageProof: [
          { ...a, value: b.value, proof: b.proof },
          { ...b, value: a.value, proof: a.proof },
        ],
      };
    });
    const slot = await rejected("PROOF_INVALID", prove(swapped, at({ slots: [2n, 3n] })));
    expect(slot.details.what).to.match(/^slot 0x0{63}[23]$/);
  });

  it("O5: a proof without its last node is no absence, and neither is one without any", async function () {
    for (const keep of [0, 1, -1]) {
      const cut = lying((answer) => ({ ...answer, accountProof: answer.accountProof.slice(0, keep) }));
      const error = await rejected("PROOF_INVALID", prove(cut, at()));
      expect(error.details).to.deep.equal({ what: "account", reason: "Truncated", ...anchor });
      expect(error.message, "F27").to.include(`at block ${anchor.number} (${anchor.hash})`);
      const storage = lying((answer) => ({
        ...answer,
        storageProof: answer.storageProof.map((entry) => ({
          ...entry,
          value: "0x0",
          proof: entry.proof!.slice(0, keep),
        })),
      }));
      expect((await rejected("PROOF_INVALID", prove(storage, at({ slots: [4n] })))).details.reason).to.equal(
        "Truncated",
      );
    }
  });

  it("O3: reordered, repeated and added nodes are refused", async function () {
    for (const change of [
      (nodes: string[]) => [...nodes].reverse(),
      (nodes: string[]) => [nodes[0]!, ...nodes],
      (nodes: string[]) => [...nodes, nodes[0]!],
    ]) {
      const bent = lying((answer) => ({
        ...answer,
        storageProof: answer.storageProof.map((entry) => ({ ...entry, proof: change(entry.proof!) })),
      }));
      await rejected("PROOF_INVALID", prove(bent, at({ slots: [5n] })));
    }
  });

  it("O4: a field that says something else than the proof is an error that names both", async function () {
    const cases: [string, (answer: Answer) => void, string][] = [
      ["nonce", (answer) => (answer.nonce = "0x9"), "0x0"],
      ["balance", (answer) => (answer.balance = "0x6"), "0x5"],
      ["address", (answer) => (answer.address = NOBODY), VAULT],
      ["codeHash", (answer) => (answer.codeHash = toWord(0n)), toHex(keccak256(Uint8Array.of(0)))],
      ["value of slot", (answer) => (answer.storageProof[0]!.value = "0x0"), toQuantity(valueOf(6n))],
    ];
    for (const [field, bend, proven] of cases) {
      const bent = lying((answer) => {
        bend(answer);
        return answer;
      });
      const { details } = await rejected("PROOF_FIELD_MISMATCH", prove(bent, at({ slots: [6n] })));
      expect(details.field).to.match(new RegExp(`^${field}`));
      expect(BigInt(details.proven)).to.equal(BigInt(proven));
    }
    const absent = lying((answer) => ({ ...answer, balance: "0x1" }));
    expect((await rejected("PROOF_FIELD_MISMATCH", prove(absent, at({ account: NOBODY })))).details).to.deep.equal({
      field: "balance",
      claimed: "0x1",
      proven: "0x0",
    });
  });

  it("O6, O13: an answer that is not one is refused, field by field", async function () {
    const bad: ((answer: Answer) => unknown)[] = [
      () => "0x",
      () => [],
      () => 5,
      (answer) => ({ ...answer, accountProof: null }),
      (answer) => ({ ...answer, storageProof: null }),
      (answer) => ({ ...answer, storageProof: [] }),
      (answer) => ({ ...answer, storageProof: [null] }),
      (answer) => ({ ...answer, storageProof: [{ ...answer.storageProof[0], key: null }] }),
      (answer) => ({ ...answer, storageProof: [{ ...answer.storageProof[0], key: toWord(8n) }] }),
      (answer) => ({ ...answer, storageProof: [{ ...answer.storageProof[0], value: 7007 }] }),
      (answer) => ({ ...answer, storageProof: [...answer.storageProof, ...answer.storageProof] }),
      (answer) => ({ ...answer, balance: 5 }),
    ];
    for (const bend of bad) await rejected("INVALID_RESPONSE", prove(lying(bend), at({ slots: [7n] })));
    await rejected(
      "INVALID_HEX",
      prove(
        lying((answer) => ({ ...answer, accountProof: ["0xf8zz"] })),
        at(),
      ),
    );
    // Without slots, null says nothing that matters.
    await prove(
      lying((answer) => ({ ...answer, storageProof: null })),
      at(),
    );
  });

  it("O4, O6, O10: copes with keys in any form and order, leading zeros, zero hashes, nulls and unasked slots", async function () {
    const slots = [0n, 9n, 10n, 256n];
    const honest = await prove(chain, at({ slots }));
    const forms = [
      (key: bigint) => toQuantity(key),
      (key: bigint) => (key === 0n ? "0x" : toWord(key).toUpperCase().replace("0X", "0x")),
      (key: bigint) => `0x0${key.toString(16)}`,
    ];
    for (const form of forms) {
      const odd = lying(async (answer, [who, , block]) => ({
        ...answer,
        nonce: "0x00",
        balance: "0x05",
        storageProof: [
          ...(await proofOf([who, [toWord(77n)], block])).storageProof,
          ...answer.storageProof
            .map((entry) => ({ ...entry, key: form(BigInt(entry.key)), value: toWord(BigInt(entry.value)) }))
            .reverse(),
        ],
      }));
      expect(await prove(odd, at({ slots }))).to.deep.equal(honest);
    }
    const nobody = lying((answer) => ({
      ...answer,
      storageHash: toWord(0n),
      codeHash: toWord(0n),
      storageProof: answer.storageProof.map((entry) => ({ ...entry, proof: null })),
    }));
    expect(await prove(nobody, at({ account: NOBODY, slots }))).to.deep.equal(
      await prove(chain, at({ account: NOBODY, slots })),
    );
  });

  it("O10: asks for no more than 1024 slots at once, and for fewer where told so", async function () {
    const sizes: number[] = [];
    const counting: Request = (args) => {
      if (args.method === "eth_getProof") sizes.push((args.params![1] as unknown[]).length);
      return chain.request(args);
    };
    const slots = Array.from({ length: 45 }, (_, i) => BigInt(i));
    const whole = await prove(counting, at({ slots }));
    expect(await prove(counting, at({ slots, slotsPerRequest: 20 }))).to.deep.equal(whole);
    expect(sizes.splice(0)).to.deep.equal([45, 20, 20, 5]);

    const many = await prove(counting, at({ slots: Array.from({ length: 1025 }, (_, i) => BigInt(i)) }));
    expect(sizes).to.deep.equal([1024, 1]);
    expect(many.slots.length).to.equal(1025);
    expect(many.slots.filter(({ value }) => value !== 0n).length).to.equal(Number(SLOTS));
    const all = many.slots.map(({ slot }) => slot);
    const read = harness.getFunction("readAccountSlots");
    const [, , values] = await read.staticCall(many.anchor.stateRoot, VAULT, all, many.witness, {
      gasLimit: 30_000_000,
    });
    expect([...values]).to.deep.equal(many.slots.map(({ value }) => value));
  });

  it("O9: an endpoint without the state says so, in whatever words, and that is never an absence", async function () {
    const failing =
      (message: string, code = -32000): Request =>
      (args) =>
        args.method === "eth_getProof"
          ? Promise.reject(Object.assign(new Error(message), { code }))
          : chain.request(args);
    for (const message of [
      "missing trie node 1b2c (path 0a) state 0x1b2c is not available",
      "historical state 0x12 is not available",
      "historical state not available in path scheme yet",
      "World state unavailable",
      "distance to target block exceeds maximum proof window",
      "state at block #100 is pruned",
      "requested block is too old, block must be within 100000 blocks of the head block number",
      "No state available for block 5",
      "Proof of locally modified state in fork mode is unsupported.",
    ]) {
      expect((await rejected("STATE_UNAVAILABLE", prove(failing(message), at()))).details, message).to.include({
        hash: anchor.hash,
        reason: message,
      });
    }
    await rejected("BLOCK_NOT_CANONICAL", prove(failing("hash is not currently canonical"), at()));
    await rejected("BLOCK_NOT_FOUND", prove(failing("header not found"), at()));
    await rejected("BLOCK_NOT_FOUND", prove(failing("Resource not found", -32001), at()));
    expect(
      (await rejected("RPC_FAILED", prove(failing("the method eth_getProof does not exist", -32601), at()))).details
        .rpcCode,
    ).to.equal(-32601);
    await rejected("BLOCK_NOT_FOUND", prove(chain, at({ anchor: { hash: toWord(1n) } })));
  });

  it("O4: takes embedded nodes listed again, drops them from what it returns, and refuses others in their place", async function () {
    // These two slots' hashes share eight nibbles: with values of one byte, their leaves are embedded in the last branch.
    const pair = [40364n, 105566n];
    const storage = buildTrie(
      pair.map((slot) => ({ key: keccak256(toBytes(toWord(slot), "slot")), value: rlpInteger(9n) })),
    );
    const codeHash = keccak256(new Uint8Array());
    const account = rlpList([rlpInteger(1n), rlpInteger(2n), rlpString(storage.root), rlpString(codeHash)]);
    const address = toBytes(VAULT, "address");
    const state = buildTrie([{ key: keccak256(address), value: account }]);
    const key = keccak256(toBytes(toWord(pair[0]!), "slot"));
    const branch = storage.proof(key).at(-1)!;
    const block = (await chain.request({ method: "eth_getBlockByHash", params: [anchor.hash, false] })) as Record<
      string,
      unknown
    >;
    const made = { ...block, stateRoot: toHex(state.root) };
    const hash = hashHeader(encodeHeader(made));
    const endpoint =
      (extra: Uint8Array[]): Request =>
      ({ method }) =>
        Promise.resolve(
          method === "eth_getProof"
            ? {
                accountProof: state.proof(keccak256(address)).map(toHex),
                storageProof: [
                  { key: toWord(pair[0]!), value: "0x9", proof: [...storage.proof(key), ...extra].map(toHex) },
                ],
              }
            : { ...made, hash },
        );
    const plain = await prove(endpoint([]), at({ anchor: { hash }, slots: [pair[0]!] }));
    expect(plain.slots[0]).to.include({ value: 9n });
    const nibble = key[4]! >> 4;
    const child = leafAt(branch, nibble);
    expect(await prove(endpoint([child]), at({ anchor: { hash }, slots: [pair[0]!] }))).to.deep.equal(plain);
    const wrong = child.slice();
    wrong[wrong.length - 1]! ^= 1;
    await rejected("PROOF_INVALID", prove(endpoint([wrong]), at({ anchor: { hash }, slots: [pair[0]!] })));
  });

  it("F10, F23: takes an account in plain text, and slots as bigints, safe numbers or 32 bytes", async function () {
    const account: string = VAULT.toUpperCase().replace("0X", "0x");
    const slots: (string | bigint | number)[] = [3, 2n, toWord(3n)];
    const { slots: proven } = await prove(chain, at({ account, slots }));
    expect(proven.map(({ slot }) => slot).sort()).to.deep.equal([toWord(2n), toWord(3n)]);

    await rejected("INVALID_HEX", prove(chain, at({ account: "0x1234" })));
    const others = ["0x7", "0x01", "7", "", 1.5, -1, 2 ** 53, NaN, -1n, 2n ** 256n, null, undefined, {}, [7n], true];
    for (const slot of others) {
      const { details } = await rejected("INVALID_HEX", prove(chain, at({ slots: [slot as never] })));
      expect(details.expected).to.equal("a bigint of 256 bits, a safe whole number, or 32 bytes of hexadecimal");
    }
  });

  it("F27: says of a block whose header denies its state which block it is", async function () {
    // anvil's genesis: its header has the empty trie's root, and its proofs have nodes.
    const block = (await chain.request({ method: "eth_getBlockByHash", params: [anchor.hash, false] })) as object;
    const made = { ...block, stateRoot: toHex(EMPTY_ROOT) };
    const hash = hashHeader(encodeHeader(made));
    const genesis: Request = (args) =>
      args.method === "eth_getProof"
        ? proofOf([VAULT, [], toQuantity(anchor.number)])
        : Promise.resolve({ ...made, hash });
    const { details, message } = await rejected("PROOF_OF_OTHER_STATE", prove(genesis, at({ anchor: { hash } })));
    expect(details).to.include({ number: anchor.number, hash, expected: toHex(EMPTY_ROOT) });
    expect(message).to.include(`block ${anchor.number} (${hash})`);
  });

  it("O2: null in place of a proof means that the state is not there", async function () {
    const { details } = await rejected(
      "STATE_UNAVAILABLE",
      prove(
        lying(() => null),
        at({ slots: [7n] }),
      ),
    );
    expect(details).to.include(anchor);
    await rejected(
      "RPC_FAILED",
      prove(
        lying(() => undefined),
        at(),
      ),
    );
  });

  it("O10: returns nothing of what nobody asked for", async function () {
    const honest = await prove(chain, at({ slots: [7n] }));
    const more = lying(async (answer, [who, , block]) => ({
      ...answer,
      codeSize: "0x99",
      storageProof: [...answer.storageProof, ...(await proofOf([who, [toWord(8n)], block])).storageProof],
    }));
    expect(await prove(more, at({ slots: [7n] }))).to.deep.equal(honest);
  });

  it("O1: a header whose fields do not hash to its hash is refused before anything is asked", async function () {
    const asked: string[] = [];
    const bent: Request = async (args) => {
      asked.push(args.method);
      const answer = await chain.request(args);
      return args.method.startsWith("eth_getBlock") ? { ...(answer as object), stateRoot: toWord(1n) } : answer;
    };
    const error = await prove(bent, at()).catch((caught: unknown) => caught);
    expect(SettlementGuardError.is(error, "HEADER_HASH_MISMATCH")).to.equal(true);
    expect(asked).to.deep.equal(["eth_getBlockByHash"]);
  });

  describe("under a pinned storage root", function () {
    const rootOf = async (): Promise<Hex> => {
      const { account } = await prove(chain, at());
      return account.status === "present" ? account.storageRoot : toHex(EMPTY_ROOT);
    };

    it("SG-15: leaves out header and account, and asks for neither", async function () {
      const pinned = { storageRoot: await rootOf() };
      const methods: string[] = [];
      const counting: Request = (args) => {
        methods.push(args.method);
        return chain.request(args);
      };
      const proven = await prove(counting, { anchor, account: VAULT, slots: [3n, 2n, 999n], pinned });
      expect(methods).to.deep.equal(["eth_getProof"]);
      const whole = await prove(chain, at({ slots: [3n, 2n, 999n] }));
      expect(proven.witness).to.equal(whole.storageWitness);
      expect(proven.slots).to.deep.equal(whole.slots);
      expect(proven.anchor).to.deep.equal(anchor);
      expect(proven.storageRoot).to.equal(pinned.storageRoot);
    });

    it("SG-15, O3: believes no answer of another state, and no field that says something else", async function () {
      const options = { anchor, account: VAULT, slots: [2n], pinned: { storageRoot: await rootOf() } };
      const elsewhere = { ...options, pinned: { storageRoot: toWord(5n) } };
      expect((await rejected("PROOF_INVALID", prove(chain, elsewhere))).message).to.contain(`block ${anchor.number}`);
      const value = lying((answer) => ({
        ...answer,
        storageProof: answer.storageProof.map((entry) => ({ ...entry, value: "0x1" })),
      }));
      await rejected("PROOF_FIELD_MISMATCH", prove(value, options));
      const hash = lying((answer) => ({ ...answer, storageHash: toWord(7n) }));
      await rejected("PROOF_FIELD_MISMATCH", prove(hash, options));
      const cut = lying((answer) => ({
        ...answer,
        storageProof: answer.storageProof.map((entry) => ({ ...entry, proof: entry.proof!.slice(0, -1) })),
      }));
      await rejected("PROOF_INVALID", prove(cut, options));
    });

    it("F22: refuses a pin without an anchor, without a root or without a slot, before anything is asked", async function () {
      const never: Request = () => Promise.reject(new TypeError("asked"));
      const options = { anchor, account: VAULT, slots: [2n], pinned: { storageRoot: toWord(5n) } };
      await rejected("INVALID_ANCHOR", prove(never, { ...options, anchor: "latest" as never }));
      await rejected("INVALID_HEX", prove(never, { ...options, pinned: { storageRoot: "0x12" } }));
      await rejected("INVALID_OPTION", prove(never, { ...options, slots: [] }));
    });
  });
});

function codeOf(error: unknown): string {
  return SettlementGuardError.is(error) ? error.code : String(error);
}

/** A branch's child as it stands, embedded. */
function leafAt(branch: Uint8Array, nibble: number): Uint8Array {
  let at = branch[0]! < 0xf8 ? 1 : 2;
  for (let i = 0; i < nibble; i++) at += 1 + (branch[at]! & 0x3f);
  return branch.slice(at, at + branch[at]! - 0xbf);
}
