/** For servers that stand on none. */
export async function noEmulator(): Promise<never> {
  throw new Error('no server of this test has an emulator')
}
