import { SettlementGuardError } from "./errors.js";

/**
 * For `import(…).catch(…)` of an optional package: says which one is missing, and for what. Any other failure is passed on.
 *
 * @throws MISSING_PEER
 */
export function missingPeer(peer: string, purpose: string): (cause: unknown) => never {
  return (cause) => {
    const { code, message: text } = cause as { code?: unknown; message?: unknown };
    if (code !== "ERR_MODULE_NOT_FOUND" || !String(text).includes(`'${peer}'`)) throw cause;
    const message = `${purpose} needs the package ${peer}: npm install ${peer}`;
    throw new SettlementGuardError("MISSING_PEER", { peer, purpose }, message, { cause });
  };
}
