variable "region" {
  description = "The region of the function, its queue and its alarms."
  type        = string
  default     = "cn-hangzhou"
}

variable "roles" {
  description = "Whether to create the roles, of which an account has one set: false in its second region."
  type        = bool
  default     = true
}

variable "state_bucket" {
  description = "The bucket of deploy/state.yaml, which Terraform creates. Empty: no state file."
  type        = string
  default     = ""
}

variable "contact_group" {
  description = "An existing CloudMonitor contact group that the alarms tell. Empty: no alarms."
  type        = string
  default     = ""
}

variable "emergency" {
  description = "Whether ../emergency.yaml is deployed, so that the contact group is told of its failures, too."
  type        = bool
  default     = false
}

variable "statistics" {
  description = "What CloudMonitor calls a metric's value; deploy/README.md, step 4, says how to ask it."
  type        = string
  default     = "Value"
}
