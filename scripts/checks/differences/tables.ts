/** A committed snapshot: figures by name, in groups or not. */
export interface Snapshot {
  [name: string]: number | string | Snapshot | readonly unknown[];
}

export interface Difference {
  readonly name: string;
  /** Undefined where the figure is new. */
  readonly before: number | undefined;
  /** Undefined where the figure is gone. */
  readonly after: number | undefined;
}

/** The figures that differ, in the order of the newer snapshot, then those that are gone. */
export function differences(before: Snapshot, after: Snapshot): Difference[] {
  const [old, current] = [figuresOf(before), figuresOf(after)];
  const names = new Set([...current.keys(), ...old.keys()]);
  return [...names]
    .map((name) => ({ name, before: old.get(name), after: current.get(name) }))
    .filter((row) => row.before !== row.after);
}

/** The numbers of a snapshot by the path to them. */
function figuresOf(snapshot: Snapshot, group = ""): Map<string, number> {
  const figures = new Map<string, number>();
  for (const [name, value] of Object.entries(snapshot)) {
    const path = group === "" ? name : `${group}: ${name}`;
    if (typeof value === "number") figures.set(path, value);
    else if (typeof value === "object" && !Array.isArray(value))
      for (const [inner, figure] of figuresOf(value as Snapshot, path)) figures.set(inner, figure);
  }
  return figures;
}

/** The differences as a Markdown table. A change in percent has no value where the figure is new, gone or was zero. */
export function tableOf(rows: readonly Difference[]): string {
  const lines = rows.map(({ name, before, after }) => {
    const change = before === undefined || after === undefined ? "" : signed(after - before);
    const share = change === "" || before === 0 ? "" : `${signed(Number((100 * (after! / before! - 1)).toFixed(1)))} %`;
    return `| ${name.replaceAll("|", "\\|")} | ${shown(before, "new")} | ${shown(after, "gone")} | ${change} | ${share} |`;
  });
  return ["| figure | before | after | change | |", "| --- | --: | --: | --: | --: |", ...lines, ""].join("\n");
}

function shown(value: number | undefined, otherwise: string): string {
  return value === undefined ? otherwise : value.toLocaleString("en-US");
}

function signed(value: number): string {
  return `${value > 0 ? "+" : ""}${value.toLocaleString("en-US")}`;
}
