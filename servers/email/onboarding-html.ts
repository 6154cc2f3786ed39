import { html, raw } from 'hono/html'
import type { Onboarding } from './onboarding-message.ts'

interface Step {
  title: string
  text: string
}

/**
 * The onboarding message as HTML for mail programs: tables for layout, styles inline, dark colours by a media query, a
 * width that shrinks to a phone's. `html` escapes every value.
 */
export async function renderOnboardingHtml(onboarding: Onboarding, plan: string, steps: Step[]): Promise<string> {
  const { admin_name, organization_name, organization_id, workspace_url, workspace_id } = onboarding
  const page = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>Your ${organization_name} workspace is ready</title>
<style>${raw(stylesheet)}</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f2f4f7;">
<div style="display:none;max-height:0;overflow:hidden;opacity:0;">Open ${workspace_url} to sign in and invite your team.${raw(
    '&#847;&zwnj;&nbsp;'.repeat(60),
  )}</div>
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f2f4f7;">
<tr><td align="center" class="outer" style="padding:40px 16px;">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;background:#ffffff;border:1px solid #e3e7ee;border-radius:14px;border-collapse:separate;">
<tr><td style="height:6px;line-height:6px;font-size:0;background:#3556d8;border-radius:13px 13px 0 0;">&nbsp;</td></tr>
<tr><td class="inner" style="padding:36px 40px 8px;${font}">
<p class="muted" style="margin:0 0 10px;font-size:13px;line-height:18px;font-weight:600;letter-spacing:.04em;color:#5b6577;">${organization_name}</p>
<h1 class="ink" style="margin:0 0 16px;font-size:27px;line-height:34px;font-weight:700;color:#141a26;word-break:break-word;">Your workspace is ready</h1>
<p class="ink" style="margin:0 0 26px;font-size:16px;line-height:25px;color:#2b3446;">Hello ${admin_name}, everything is set up. You are its first administrator.</p>
<table role="presentation" class="wide" cellpadding="0" cellspacing="0" border="0"><tr>
<td align="center" class="button" style="background:#3556d8;border-radius:9px;">
<a href="${workspace_url}" class="button-link" style="display:inline-block;padding:14px 30px;font-size:16px;line-height:20px;font-weight:600;color:#ffffff;text-decoration:none;${font}">Open the workspace</a>
</td></tr></table>
<p class="muted" style="margin:12px 0 30px;font-size:13px;line-height:19px;color:#5b6577;word-break:break-all;">${workspace_url}</p>
<table role="presentation" class="facts" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f6f8fb;border-radius:10px;border-collapse:separate;">
${factRow('Organization', organization_name, 'padding-top:14px;')}
${factRow('Plan', plan)}
${factRow('Workspace', workspace_id, 'padding-bottom:14px;')}
</table>
<h2 class="ink" style="margin:32px 0 14px;font-size:17px;line-height:24px;font-weight:700;color:#141a26;">Next steps</h2>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
${steps.map((step, index) => stepRow(step, index + 1))}
</table>
</td></tr>
<tr><td class="inner" style="padding:14px 40px 34px;${font}">
<p class="rule muted" style="margin:0;padding-top:20px;border-top:1px solid #e3e7ee;font-size:12px;line-height:18px;color:#5b6577;">You get this message because you were named as the administrator of ${organization_name} (${organization_id}). If that is a mistake, ignore it: nobody can enter the workspace without signing in.</p>
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`
  return String(page)
}

function factRow(label: string, value: string, edge = '') {
  return html`<tr>
<td class="muted" valign="top" width="112" style="padding:6px 8px 6px 18px;font-size:14px;line-height:20px;color:#5b6577;${edge}${font}">${label}</td>
<td class="ink" valign="top" style="padding:6px 18px 6px 0;font-size:14px;line-height:20px;font-weight:600;color:#141a26;word-break:break-word;${edge}${font}">${value}</td>
</tr>`
}

function stepRow({ title, text }: Step, number: number) {
  return html`<tr>
<td valign="top" width="40" style="padding:0 0 16px;">
<div class="badge" style="width:26px;height:26px;border-radius:13px;background:#e5eafb;color:#2b47b8;text-align:center;font-size:13px;line-height:26px;font-weight:700;${font}">${number}</div>
</td>
<td class="ink" valign="top" style="padding:2px 0 16px;font-size:15px;line-height:22px;color:#2b3446;${font}"><strong>${title}.</strong> ${text}</td>
</tr>`
}

// Quotes would be escaped inside a style attribute; none of these families needs any.
const font = 'font-family:system-ui,-apple-system,Roboto,Helvetica,Arial,sans-serif;'

const stylesheet = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
a { color: #3556d8; }
@media (max-width: 480px) {
  .outer { padding: 16px 10px !important; }
  .inner { padding-left: 22px !important; padding-right: 22px !important; }
  .wide { width: 100% !important; }
}
@media (prefers-color-scheme: dark) {
  .page { background: #0f131b !important; }
  .card { background: #191f2b !important; border-color: #2a3242 !important; }
  .facts { background: #212938 !important; }
  .ink { color: #eef1f7 !important; }
  .muted { color: #a3adbf !important; }
  .rule { border-color: #2a3242 !important; }
  .badge { background: #2a3760 !important; color: #c9d5ff !important; }
  .button-link { color: #ffffff !important; }
}
`
