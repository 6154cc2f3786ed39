import { dirname } from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import type { Config } from './config.ts'
import { validateInput } from './goals/validate-input.ts'
import type { RouteModule } from './http/http-env.ts'
import type { Goal } from './model/goal.ts'
import type { OpenPursuits } from './open-pursuits.ts'
import type { OpenRecord } from './record/open-record.ts'
import { triggerSecrets } from './trigger-secrets.ts'
import { type QueuedTrigger, startConsumer } from './triggers/consumer.ts'
import { type ScheduledTrigger, startScheduler } from './triggers/scheduler.ts'
import type { Intake } from './triggers/take-delivery.ts'
import type { Trigger } from './triggers/trigger.ts'
import { type WebhookTrigger, webhookRoutes } from './triggers/webhook-routes.ts'

export interface TriggersParts {
  config: Config
  triggers: readonly Trigger[]
  goalNamed(name: string): Goal | undefined
  record: Pick<OpenRecord, 'triggerDeliveries' | 'outbox'>
  pursuing: Pick<OpenPursuits, 'createRun'>
}

/** What starts runs from outside. */
export interface OpenTriggers {
  /** For senders of webhooks. */
  webhooks: RouteModule
  /** Looks after schedules and queues, beside every other worker that does, until it is closed. */
  start(onTrouble: (error: unknown) => void): { close(): Promise<void> }
}

/** Puts together what makes runs of deliveries. */
export function openTriggers({ config, triggers, goalNamed, record, pursuing }: TriggersParts): OpenTriggers {
  const now = () => new Date()
  const intake: Intake = {
    goalNamed,
    checkInput: validateInput,
    claim: record.triggerDeliveries.claim,
    createRun: (goal, input, options) => pursuing.createRun(goal, input, { ...options, mine: false }),
    newRunId: uuidv7,
  }
  return {
    webhooks: webhookRoutes({
      triggers: triggers.filter((trigger): trigger is WebhookTrigger => 'webhook' in trigger.on),
      secretsOf: ({ on: { webhook } }) =>
        triggerSecrets(webhook.secrets, { folder: dirname(config.file), environment: config.environment }),
      intake,
      now,
    }),
    start(onTrouble) {
      const scheduler = startScheduler(
        triggers.filter((trigger): trigger is ScheduledTrigger => 'schedule' in trigger.on),
        { intake, firings: record.triggerDeliveries.firings, now, onTrouble },
      )
      const consumer = startConsumer(
        triggers.filter((trigger): trigger is QueuedTrigger => 'queue' in trigger.on),
        { intake, queue: record.outbox, onTrouble },
      )
      // Who closes it hears of it, and until then nobody else may be there to.
      consumer.catch(onTrouble)
      return {
        async close() {
          const consuming = await consumer.catch(() => undefined)
          await Promise.all([scheduler.close(), consuming?.close()])
        },
      }
    },
  }
}
