import test from 'ava';
import { type ReadFile, usableThreads } from '../ts/threads.js';

const files =
  (content: Record<string, string>): ReadFile =>
  (path) =>
    content[path];

test('without a control group the cores count', (t) => {
  t.deepEqual(usableThreads(8, files({}), 'linux'), { threads: 8, cores: 8 });
});

test('a quota of the group or of one above it limits the threads', (t) => {
  const read = files({
    '/proc/self/cgroup': '0::/a/b\n',
    '/sys/fs/cgroup/a/b/cpu.max': 'max 100000\n',
    '/sys/fs/cgroup/a/cpu.max': '250000 100000\n',
  });
  t.deepEqual(usableThreads(8, read, 'linux'), { threads: 2, cores: 8, quota: 2.5 });
});

test('a quota of the old kind counts as well, and one thread is always left', (t) => {
  const read = files({
    '/proc/self/cgroup': '4:cpu,cpuacct:/docker/x\n3:memory:/docker/x\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '50000\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
  });
  t.deepEqual(usableThreads(8, read, 'linux'), { threads: 1, cores: 8, quota: 0.5 });
});

test('other systems have no such quota', (t) => {
  const read = files({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '100000 100000' });
  t.is(usableThreads(8, read, 'darwin').threads, 8);
});
