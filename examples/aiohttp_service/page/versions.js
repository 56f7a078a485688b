// How old a version is. Versions are texts such as "3.39.1" or "3.40.0-beta".

function parse(version) {
  const found = /^v?(\d+)\.(\d+)(?:\.(\d+))?(-.+)?/.exec(version);
  return found && { numbers: [1, 2, 3].map((place) => Number(found[place] ?? 0)), early: found[4] ?? "" };
}

export function compare(a, b) {
  const [one, other] = [parse(a), parse(b)];
  if (!one || !other) return Number(Boolean(one)) - Number(Boolean(other));
  for (const place of [0, 1, 2]) {
    const difference = one.numbers[place] - other.numbers[place];
    if (difference) return difference;
  }
  return Number(!one.early) - Number(!other.early) || (one.early < other.early ? -1 : Number(one.early > other.early));
}

// The newest of those seen. Nobody is behind a beta that somebody tries out.
export function newest(versions) {
  const known = versions.filter(parse);
  const stable = known.filter((version) => !parse(version).early);
  return (stable.length ? stable : known).reduce((best, one) => (!best || compare(one, best) > 0 ? one : best), "");
}

const UNITS = ["major version", "minor version", "patch"];

export function behind(version, best) {
  const [mine, its] = [parse(version), parse(best)];
  if (!mine || !its || compare(version, best) >= 0) return "";
  const place = [0, 1, 2].find((place) => mine.numbers[place] !== its.numbers[place]);
  if (place === undefined) return "an early version";
  const count = its.numbers[place] - mine.numbers[place];
  return `${count} ${UNITS[place]}${count === 1 ? "" : place === 2 ? "es" : "s"} behind`;
}
