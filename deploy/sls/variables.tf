variable "region" {
  description = "The region of the logs' project, such as cn-hangzhou."
  type        = string
}

variable "project" {
  description = "The Log Service project that the function writes to: serverless-… where s.yaml says logConfig: auto."
  type        = string
}

variable "logstore" {
  description = "The logstore in it."
  type        = string
}

variable "action_policy" {
  description = "The id of the action policy of Log Service's alerting that says whom an alert reaches, and how."
  type        = string
  default     = "sls.builtin"
}
