/** This machine as napi-rs names platforms: `linux-x64-gnu`, `linux-x64-musl`, `darwin-arm64`, `win32-x64-msvc`. */
export function platformName(
  platform: NodeJS.Platform = process.platform,
  arch: string = process.arch,
  hasGlibc: () => boolean = runsOnGlibc,
): string {
  if (platform === 'win32') return `win32-${arch}-msvc`;
  if (platform !== 'linux') return `${platform}-${arch}`;
  return `linux-${arch}-${hasGlibc() ? 'gnu' : 'musl'}`;
}

/** Node's report names the C library it runs on, where that is glibc. */
function runsOnGlibc(): boolean {
  const { header } = process.report.getReport() as unknown as { header: Record<string, unknown> };
  return 'glibcVersionRuntime' in header;
}
