# Green: a cluster like Blue at another version, made through the `aws` client. It needs no provider from a registry, so it
# runs anywhere; with your own modules, keep the variables and the promise that only Green is made.

terraform {
  required_version = ">= 1.4"
}

variable "cluster_name" {
  description = "name of the new cluster"
  type        = string
}

variable "cluster_version" {
  description = "Kubernetes version of the new cluster"
  type        = string
}

variable "blue_cluster_name" {
  description = "the cluster that serves now: role, subnets and node groups are taken from it"
  type        = string
}

variable "region" {
  type = string
}

variable "endpoint_url" {
  description = "another AWS endpoint, for simulators"
  type        = string
  default     = ""
}

locals {
  settings = {
    CLUSTER = var.cluster_name
    VERSION = var.cluster_version
    BLUE    = var.blue_cluster_name
    REGION  = var.region
    URL     = var.endpoint_url
  }
}

resource "terraform_data" "cluster" {
  input = local.settings

  provisioner "local-exec" {
    command     = "${path.module}/green.sh create-cluster"
    environment = self.input
  }

  provisioner "local-exec" {
    when        = destroy
    command     = "${path.module}/green.sh delete-cluster"
    environment = self.input
  }
}

resource "terraform_data" "node_groups" {
  input      = local.settings
  depends_on = [terraform_data.cluster]

  provisioner "local-exec" {
    command     = "${path.module}/green.sh create-node-groups"
    environment = self.input
  }

  provisioner "local-exec" {
    when        = destroy
    command     = "${path.module}/green.sh delete-node-groups"
    environment = self.input
  }
}

output "cluster_name" {
  value = var.cluster_name
}
