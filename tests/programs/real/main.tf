# Green in two halves, each made through the aws client: EKS's own API by a mock server, which has no Kubernetes, and the
# Kubernetes behind it by the simulator.

terraform {
  required_version = ">= 1.4"
}

variable "cluster_name" {
  type = string
}

variable "cluster_version" {
  type = string
}

variable "blue_cluster_name" {
  type = string
}

variable "region" {
  type = string
}

variable "simulator" {
  description = "where Kubernetes comes from"
  type        = string
}

module "eks" {
  source            = "../examples/terraform/green"
  cluster_name      = var.cluster_name
  cluster_version   = var.cluster_version
  blue_cluster_name = var.blue_cluster_name
  region            = var.region
}

module "kubernetes" {
  source            = "../examples/terraform/green"
  depends_on        = [module.eks]
  cluster_name      = var.cluster_name
  cluster_version   = var.cluster_version
  blue_cluster_name = var.blue_cluster_name
  region            = var.region
  endpoint_url      = var.simulator
}

output "cluster_name" {
  value = module.eks.cluster_name
}
