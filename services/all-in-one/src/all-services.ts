/** Every service there is, in the order in which a job meets them. */
import { approval } from '@countersign/approval/service';
import { audit } from '@countersign/audit/service';
import { ingress } from '@countersign/ingress/service';
import { outputSafety } from '@countersign/output-safety/service';
import type { Service } from '@countersign/platform/service';
import { policyKernel } from '@countersign/policy-kernel/service';
import { scheduler } from '@countersign/scheduler/service';

export const allServices: readonly Service[] = [ingress, policyKernel, scheduler, approval, outputSafety, audit];
