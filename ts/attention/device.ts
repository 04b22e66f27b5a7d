import { type ErrorCode, SparseTuneError } from '../errors.js';
import { loadAddon } from '../native/addon.js';
import { checkChoice } from './check-arguments.js';

/** Where keys and values lie, and attention is computed. */
export type Device = 'cpu' | 'cuda';

const choices = ['cpu', 'cuda', 'auto'] as const;

/**
 * The device that an option asks for; `cpu` where it is absent.
 *
 * @param whyNot - why CUDA cannot do what is wanted of it, in a sentence; empty where it can
 * @throws {SparseTuneError} `ERR_DEVICE` for `cuda` where it is not available or cannot do it
 */
export function resolveDevice(value: unknown, whyNot: () => string): Device {
  const device = checkChoice('device', value ?? 'cpu', choices);
  if (device === 'cpu') return device;
  const { built, available, reason } = loadAddon().probeCuda();
  const refusal = available ? whyNot() : '';
  if (available && refusal === '') return 'cuda';
  if (device === 'auto') return 'cpu';
  if (available) rejectDevice(`${refusal}; take device: "cpu" or "auto"`);
  const cure = built
    ? 'install a driver that it can use (sparsetune doctor)'
    : 'compile the addon with nvcc (docs/cuda.md, "Building with CUDA")';
  rejectDevice(`CUDA is not available: ${reason}; ${cure}, or take device: "cpu" or "auto"`);
}

/** A SparseTuneError with code `ERR_DEVICE`. */
export function rejectDevice(message: string): never {
  throw new SparseTuneError('ERR_DEVICE' satisfies ErrorCode, message);
}
