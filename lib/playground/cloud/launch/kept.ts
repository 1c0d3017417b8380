export interface Permission {
  protocol: string
  from: number
  to: number
  cidr: string
  description: string
}

export interface SecurityGroup {
  id: string
  region: string
  vpcId: string
  name: string
  description: string
  ingress: Permission[]
  tags: Record<string, string>
}

export interface KeyPair {
  id: string
  region: string
  name: string
  publicKey: string
  tags: Record<string, string>
}
