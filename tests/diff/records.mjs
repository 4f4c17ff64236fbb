// Does in V8 what the records of records.c did, and writes down the same lines.
//
//   node records.mjs LIST RECORDS
//
// What JavaScript cannot pass or see (v128, exnref) is a "?".
import { readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

const TRAPS = [
  [/unreachable/, 'unreachable'],
  [/memory access out of bounds|data segment.*out of bounds/, 'memory'],
  [/element segment.*out of bounds|table.*out of bounds/, 'table'],
  [/null function or function signature/, 'signature'],
  [/divide by zero|remainder by zero/, 'zero'],
  [/divide result unrepresentable/, 'overflow'],
  [/float unrepresentable/, 'conversion'],
  [/dereferencing a null pointer|rethrowing null/, 'null'],
  [/array element access out of bounds|array index/, 'array'],
  [/illegal cast/, 'cast'],
  [/unaligned accesses/, 'unaligned'],
];

function outcome(error) {
  if (error instanceof WebAssembly.Exception) return 'throw';
  if (error instanceof RangeError || /too large|[Oo]ut of memory|could not allocate/.test(error.message)) return 'limit:v8';
  if (error instanceof WebAssembly.RuntimeError) {
    const found = TRAPS.find(([text]) => text.test(error.message));
    return found ? `trap:${found[1]}` : `trap:${error.message}`;
  }
  if (error instanceof TypeError) return '?';
  return `error:${error}`;
}

const HASHED = 4 << 20; // larger memories are not looked at
const bits = new DataView(new ArrayBuffer(8));

// A value as text; `type` is what ours was called.
function show(value, type) {
  switch (type) {
    case 'i32': case 'i64': return `${type}:${value}`;
    case 'f32':
      if (Number.isNaN(value)) return 'f32:nan';
      bits.setFloat32(0, value);
      return `f32:${bits.getUint32(0).toString(16)}`;
    case 'f64':
      if (Number.isNaN(value)) return 'f64:nan';
      bits.setFloat64(0, value);
      return `f64:${bits.getBigUint64(0).toString(16)}`;
    default: return value === null ? 'ref:null' : 'ref:some';
  }
}

function argument(text) {
  const [type, value] = text.split(':');
  switch (type) {
    case 'i32': return Number(value);
    case 'i64': return BigInt(value);
    case 'f32': bits.setUint32(0, parseInt(value, 16)); return bits.getFloat32(0);
    case 'f64': bits.setBigUint64(0, BigInt(`0x${value}`)); return bits.getFloat64(0);
    case 'ref': return null;
    default: throw new TypeError(type);
  }
}

const words = (text) => text.split(' ').filter((word) => word);

function state(instance, names, ours) {
  let at = 0;
  return names.filter((e) => e.kind !== 'function' && e.kind !== 'tag').map(({ name, kind }) => {
    const thing = instance.exports[name], type = ours[at++]?.split(':')[0];
    if (kind === 'global') {
      try { return show(thing.value, type); } catch { return '?'; }
    }
    if (kind === 'memory') {
      const bytes = new Uint8Array(thing.buffer);
      return `mem:${bytes.length}:${(bytes.length <= HASHED ? crc32(bytes) : 0).toString(16)}`;
    }
    let mask = '';
    const wide = typeof thing.length === 'bigint';
    try {
      for (let i = 0; i < thing.length && i < 64; i++) mask += thing.get(wide ? BigInt(i) : i) === null ? '0' : '1';
    } catch { return '?'; }
    return `table:${thing.length}:${mask}`;
  }).map((word) => ` ${word}`).join('');
}

const [list, records] = process.argv.slice(2);
const paths = readFileSync(list, 'utf8').split('\n');
let module, imported, names, instance, out = '';
const flush = () => { if (out) writeSync(1, out); out = ''; };
for (const line of readFileSync(records, 'utf8').split('\n')) {
  const rest = line.slice(2);
  switch (line[0]) {
    case 'M':
      out += `${line}\n`;
      flush();
      module = instance = undefined;
      if (!paths[Number(rest)]) break;
      try {
        const files = paths[Number(rest)].split('\t').map((path) => new WebAssembly.Module(readFileSync(path)));
        [module, imported] = files;
        names = WebAssembly.Module.exports(module);
        out += 'L ok\n';
      } catch (error) { out += `L reject ${error.message}\n`; }
      break;
    case 'F': {
      instance = undefined;
      if (!module) break;
      const [index, ours] = rest.split(' ');
      if (ours.startsWith('limit')) { out += `${line}\n`; break; }
      try {
        instance = new WebAssembly.Instance(module, imported && { e: new WebAssembly.Instance(imported).exports });
        out += `F ${index} ok\n`;
      } catch (error) { out += `F ${index} ${outcome(error)}\n`; }
      if (instance) instance.called = instance.exports[names[Number(index)].name];
      break;
    }
    case 'C': {
      if (!instance) break;
      const [args, ours] = line.slice(1).split('|');
      if (ours.startsWith('limit')) { out += `C${args}|${ours}\n`; instance = undefined; break; }
      let result;
      try {
        const values = instance.called(...words(args).map(argument));
        const types = words(ours).map((word) => word.split(':')[0]);
        if (values === undefined) result = '';
        else if (Array.isArray(values)) result = values.map((v, i) => ` ${show(v, types[i])}`).join('');
        else result = ` ${show(values, types[0])}`;
      } catch (error) { result = outcome(error); }
      out += `C${args}|${result}\n`;
      if (result === '?' || result.startsWith('limit')) instance = undefined;
      break;
    }
    case 'S':
      if (instance) out += `S${state(instance, names, words(rest))}\n`;
      break;
  }
}
out += 'END\n';
flush();
