import { connect } from './orchestrator/record/connect.ts'
for (const q of ['sslmode=require', 'sslmode=verify-full', 'sslmode=disable', 'sslmode=prefer']) {
  const sql = connect(`postgres://postgres@localhost:54999/postgres?${q}`, { max: 2, name: 'tls' })
  try {
    const [r] = await sql`SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`
    console.log(q, r)
    const tx = await sql.begin((t) => t`SELECT 1 AS one`)
    console.log(tx[0])
    const kill = connect('postgres://postgres@localhost:54999/postgres?sslmode=disable', { max: 1, name: 'k' })
    let failed = 0, ok = 0
    const load = Promise.all(Array.from({ length: 10 }, async () => { for (let i = 0; i < 100; i++) await sql`SELECT ${i}::int`.then(() => ok++, () => failed++) }))
    for (let i = 0; i < 5; i++) { await kill`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'remit tls'`; await new Promise((r) => setTimeout(r, 30)) }
    await load
    console.log({ ok, failed })
    await kill.end()
  } catch (e: any) { console.log(q, e.code, e.message) }
  await sql.end({ timeout: 1 })
}
