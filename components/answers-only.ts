/** The `spec` of a NetworkPolicy for pods that answer at one port, and reach nothing themselves. */
export function answersOnly(labels: Readonly<Record<string, string>>, port: number) {
  return {
    podSelector: { matchLabels: labels },
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ ports: [{ protocol: "TCP", port }] }],
    egress: [],
  };
}
