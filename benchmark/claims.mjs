// What was promised beside the table of operations, and whether it holds.

const claim = (name, figure, unit, bound, isMet) => ({ name, figure, unit, bound, isMet });

const atMost = (name, figure, unit, bound) => claim(name, figure, unit, `≤ ${bound}${unit}`, figure <= bound);

const p50 = ({ sides }) => sides.native.p50[0];

/** From the smallest store to the largest. */
function scaleClaims(scale) {
  const find = (size, operation) => scale.find((cell) => cell.size === size && cell.operation === operation);
  const sizes = [...new Set(scale.map(({ size }) => size))];
  const [least, most] = [sizes[0], sizes.at(-1)];
  const growth = (operation) => p50(find(most, operation)) / p50(find(least, operation));
  const far = Math.max(...sizes.map((size) => p50(find(size, "1,000th page")) / p50(find(size, "first page"))));
  const range = `${most.toLocaleString("en")} records to ${least.toLocaleString("en")}`;
  return [
    ...["get", "count", "create"].map((operation) =>
      atMost(`${operation}: ${range}`, growth(operation), " times", 1.2),
    ),
    atMost("the 1,000th page to the first, at worst", far, " times", 1.5),
  ];
}

function migrationClaims({ records, native, js }) {
  const faster = js.seconds[0] / native.seconds[0];
  const name = `migration of ${records.toLocaleString("en")} records`;
  return [
    claim(`${name}: faster than JavaScript`, faster, " times", "≥ 20 times", faster >= 20),
    atMost(`${name}: longest wait of a bystander`, native.ping[2], " ms", 25),
    atMost(`${name}: longest command`, native.command[2], " ms", 25),
  ];
}

function startClaims({ native, alone, ioredis }) {
  const load = native.load[0] / ioredis.load[0];
  const alsoAlone = alone.load[0] / ioredis.load[0];
  return [
    claim('loading, to require("ioredis")', load, " times", "< 1 times", load < 1),
    claim('loading without a client, to require("ioredis")', alsoAlone, " times", "< 1 times", alsoAlone < 1),
  ];
}

/** Sentences with their figure, their bound, and whether it is met; of the parts that were measured. */
export function claimsOf({ scale, migration, start, memory }) {
  return [
    ...(scale ? scaleClaims(scale) : []),
    ...(migration ? migrationClaims(migration) : []),
    ...(start ? startClaims(start) : []),
    ...(memory ? [atMost("resident memory, growth per million calls", memory.native.perMillion, " MiB", 0.5)] : []),
  ];
}
