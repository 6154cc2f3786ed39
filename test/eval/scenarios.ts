import { officeScenarios } from './office-scenarios.ts'
import { onboardingScenarios } from './onboarding-scenarios.ts'
import type { Scenario } from './scenario.ts'

export const scenarios: Scenario[] = [...onboardingScenarios, ...officeScenarios]
