import { createMPT, createMerkleProof, type MerklePatriciaTrie } from "@ethereumjs/mpt";
import { RLP } from "@ethereumjs/rlp";
import { ethers } from "ethers";

import { type StateAnchor } from "../src/anchor/anchor.js";
import { latestStateAnchor } from "../src/actions/latestAnchor.js";
import { toBytes, toHex, toQuantity, type Hex } from "../src/core/bytes.js";
import { packWitness, type ProofAnswer } from "../src/proof/witness.js";
import type { HardhatChain } from "../src/hardhat/index.js";
import {
  CollateralVault__factory,
  GuardedCollateralCredit__factory,
  UnguardedCollateralCredit__factory,
} from "../typechain-types/index.js";
import type { Outcome, Scenario } from "./types.js";
import { beneficiaryKey, collateralSlot } from "./vault.js";
import { TWINS, UNIT, attempt, blocksOf, ether, forks, signersOf, type Role, type Twin } from "./world.js";

const FUNDS = 500n * UNIT;
const BOB_COLLATERAL = 5n * UNIT;
const CHAIN_ID = 31_337;

/** What a borrower presents. */
interface Evidence {
  state: StateAnchor;
  witness: Hex;
}

/** A state root that no block has: everything else in the commitment is true. */
export const tamperedStateRoot: Scenario = {
  id: "tampered-state-root",
  title: "Only the state root is false",
  incident:
    "Synthetic, after the state root bug of Reth on 2 September 2025 and every RPC that can lie: number and hash are those of a canonical block, the root is that of a state which the borrower made up.",

  async run(progress) {
    // One system transaction a block, so that proofs of past blocks verify.
    const chain = await forks.create({ name: "ethereum" });
    const { deployer, bob, erin } = await signersOf(chain);
    const vault = await new CollateralVault__factory(deployer).deploy();
    const credits = {
      unguarded: await new UnguardedCollateralCredit__factory(deployer).deploy(vault, { value: FUNDS }),
      guarded: await new GuardedCollateralCredit__factory(deployer).deploy(vault, { value: FUNDS }),
    };
    for (const twin of TWINS) await vault.connect(bob).lock(credits[twin], CHAIN_ID, { value: BOB_COLLATERAL });
    await chain.mine(5);

    progress("erin builds a state in which she is rich");
    const { anchor, header } = await latestStateAnchor(chain.request, { depth: 2 });
    const signedAt = chain.head;
    const vaultAddress = await vault.getAddress();
    const slotOf = async (twin: Twin, owner: ethers.Signer): Promise<Hex> =>
      collateralSlot(await owner.getAddress(), await credits[twin].getAddress(), CHAIN_ID);

    progress("she borrows against it, and bob against what he has locked");
    const presentedAt = chain.head;
    const borrow = async (twin: Twin, role: Role, { state, witness }: Evidence, amount: bigint): Promise<Outcome> => {
      const { [role]: signer } = await signersOf(chain);
      const credit = GuardedCollateralCredit__factory.connect(await credits[twin].getAddress(), signer);
      return attempt(
        credit.interface,
        () => credit.borrow(state, header, witness, amount),
        () => `Paid out ${ether(amount)} ether.`,
      );
    };
    const erinOutcomes = {} as Record<Twin, Outcome>;
    const bobOutcomes = {} as Record<Twin, Outcome>;
    for (const twin of TWINS) {
      const forged = await forgeState(anchor, vaultAddress, await slotOf(twin, erin), FUNDS);
      erinOutcomes[twin] = await borrow(twin, "erin", forged, FUNDS / 2n);
      const honest = await proveBalance(chain, vaultAddress, await slotOf(twin, bob), anchor);
      bobOutcomes[twin] = await borrow(twin, "bob", honest, UNIT);
    }

    // The oracle: what the vault itself says, and what was lent beyond it.
    const key = beneficiaryKey(await credits.guarded.getAddress(), CHAIN_ID);
    const locked = { erin: await vault.balances(key, erin), bob: await vault.balances(key, bob) };
    const badDebt = {} as Record<Twin, bigint>;
    for (const twin of TWINS) {
      const owed = await Promise.all([erin, bob].map(async (borrower) => credits[twin].debts(borrower)));
      badDebt[twin] = positive((owed[0] ?? 0n) - locked.erin) + positive((owed[1] ?? 0n) - locked.bob);
    }

    const branches = [{ name: "ethereum", fate: "canonical" as const, blocks: blocksOf(chain, anchor.number - 3n) }];
    await chain.close();
    const place = {
      signedAt,
      signedOn: "ethereum",
      anchor: { number: anchor.number, hash: anchor.hash },
      presentedAt,
      presentedOn: "ethereum",
    };
    return {
      branches,
      actions: [
        {
          name: `Erin borrows ${ether(FUNDS / 2n)} against a state that she made up`,
          ...place,
          legal: false,
          because: `the vault holds ${ether(locked.erin)} ether of hers.`,
          ...erinOutcomes,
        },
        {
          name: "Bob borrows 1 against the state of the very same block",
          ...place,
          legal: true,
          because: `the vault holds ${ether(locked.bob)} ether of his.`,
          ...bobOutcomes,
        },
      ],
      badDebt: { ...badDebt, unit: "ETH", decimals: 18 },
      notes: [
        "Her proof is sound for its root, node by node: a proof says what a root commits to, never whose root it is.",
      ],
    };
  },
};

/** A state of the attacker's own making: one account, the vault, with one slot, the attacker's balance. The rest of the anchor is true. */
async function forgeState(anchor: StateAnchor, vault: string, slot: Hex, balance: bigint): Promise<Evidence> {
  const slotKey = toBytes(ethers.keccak256(slot), "slot key");
  const accountKey = toBytes(ethers.keccak256(vault), "account key");
  const storage = await createMPT();
  await storage.put(slotKey, RLP.encode(balance));
  const state = await createMPT();
  await state.put(accountKey, RLP.encode([1n, 0n, storage.root(), toBytes(ethers.id("any code"), "code hash")]));
  const stateRoot = toHex(state.root());
  const nodes = async (trie: MerklePatriciaTrie, key: Uint8Array) => (await createMerkleProof(trie, key)).map(toHex);
  const answer = {
    accountProof: await nodes(state, accountKey),
    storageProof: [{ key: slot, proof: await nodes(storage, slotKey) }],
  };
  const { witness } = packWitness({ stateRoot, account: vault, slots: [slot] }, answer);
  return { state: { ...anchor, stateRoot }, witness };
}

async function proveBalance(chain: HardhatChain, vault: string, slot: Hex, anchor: StateAnchor): Promise<Evidence> {
  const answer = (await chain.request({
    method: "eth_getProof",
    params: [vault, [slot], toQuantity(anchor.number)],
  })) as ProofAnswer;
  const question = { stateRoot: anchor.stateRoot, account: vault, slots: [slot] };
  return { state: anchor, witness: packWitness(question, answer).witness };
}

function positive(value: bigint): bigint {
  return value > 0n ? value : 0n;
}
