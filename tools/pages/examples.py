"""An example for each page of the reference, run by `tests/test_docs.py`.

Each stands for itself, in a coroutine with a `Client` called `ngrok`. What it creates it deletes.
"""

import textwrap
from collections.abc import Mapping
from typing import Final

_WRITTEN: Final[Mapping[str, str]] = {
    "abuse_reports": """
        report = await ngrok.abuse_reports.create(urls=["https://bad.example.com/login"])
        print((await ngrok.abuse_reports.get(report)).status)
    """,
    "agent_ingresses": """
        ingress = await ngrok.agent_ingresses.create(domain="tunnel.example.com")
        print("NS records:", ingress.ns_targets, "agents connect to:", ingress.region_domains)
        await ngrok.agent_ingresses.delete(ingress)
    """,
    "ai_gateway_api_keys": """
        async for key in ngrok.ai_gateway_api_keys.list():
            print(key.id)
    """,
    "api_keys": """
        key = await ngrok.api_keys.create(description="for the bot")
        print("keep it now:", len(key.token), "characters")  # no other answer has the token
        await ngrok.api_keys.delete(key)
    """,
    "application_sessions": """
        async for session in ngrok.application_sessions.list():
            await ngrok.application_sessions.delete(session)  # this visitor has to log in again
    """,
    "application_users": """
        async for user in ngrok.application_users.list():
            print(user.email, user.last_active)
    """,
    "backends": """
        backend = await ngrok.backends.tunnel_group.create(labels={"team": "shop"})
        await ngrok.backends.tunnel_group.update(backend, description="the shop's agents")
        await ngrok.backends.tunnel_group.delete(backend)
    """,
    "bot_users": """
        bot = await ngrok.bot_users.create(name="deployer")
        await ngrok.bot_users.update(bot, active=False)  # its keys do not work now
        await ngrok.bot_users.delete(bot)
    """,
    "certificate_authorities": """
        from ngrok_async.filters import ahead

        soon = ngrok.certificate_authorities.fields.not_after < ahead(days=30)
        async for authority in ngrok.certificate_authorities.list(filter=soon):
            print(authority.subject_common_name, "ends on", authority.not_after)
    """,
    "credentials": """
        credential = await ngrok.credentials.create(
            description="camera 17", acl=["bind:camera-17.example.com"]
        )
        print("for the agent, once:", len(credential.token), "characters")
        await ngrok.credentials.delete(credential)
    """,
    "edge_modules": """
        edge = await ngrok.edges.https.create()
        module = await ngrok.edge_modules.https_edge_tls_termination.replace(
            edge, {"min_version": "1.3"}
        )
        print(module.min_version)
        await ngrok.edges.https.delete(edge)
    """,
    "edges": """
        edge = await ngrok.edges.https.create(description="the shop")
        print(edge.id, edge.hostports)
        await ngrok.edges.https.delete(edge)
    """,
    "endpoints": """
        endpoint = await ngrok.endpoints.create(
            url="https://shop.example.com",
            type="cloud",
            traffic_policy={"on_http_request": [{"actions": [{"type": "deny"}]}]},
        )
        cloud = ngrok.endpoints.fields.type == "cloud"
        async for each in ngrok.endpoints.list(filter=cloud):
            print(each.url, each.bindings)
        await ngrok.endpoints.delete(endpoint)
    """,
    "event_destinations": """
        destination = await ngrok.event_destinations.create(
            format="JSON", target={"datadog": {"api_key": "your-key", "ddtags": "env:prod"}}
        )
        print(destination.target)  # without its secrets
        await ngrok.event_destinations.delete(destination)
    """,
    "event_sources": """
        subscription = await ngrok.event_subscriptions.create()
        await ngrok.event_sources.create(subscription, type="domain_created.v0")
        print([source.type for source in await ngrok.event_sources.list(subscription).collect()])
        await ngrok.event_sources.delete(subscription, "domain_created.v0")
        await ngrok.event_subscriptions.delete(subscription)
    """,
    "event_subscriptions": """
        subscription = await ngrok.event_subscriptions.create(
            sources=[{"type": "agent_session_start.v0"}, {"type": "agent_session_stop.v0"}]
        )
        print([source.type for source in subscription.sources])
        await ngrok.event_subscriptions.delete(subscription)
    """,
    "ip_policies": """
        policy = await ngrok.ip_policies.create(description="office", metadata={"team": "web"})
        policy = await ngrok.ip_policies.update(policy, description="office and VPN")
        print(policy.description, policy.metadata)
        await ngrok.ip_policies.delete(policy)
    """,
    "ip_policy_rules": """
        policy = await ngrok.ip_policies.create(description="office")
        rule = await ngrok.ip_policy_rules.create(
            cidr="203.0.113.0/24", ip_policy_id=policy, action="allow"
        )
        of_it = ngrok.ip_policy_rules.fields.ip_policy == policy
        print([rule.cidr async for rule in ngrok.ip_policy_rules.list(filter=of_it)])
        await ngrok.ip_policy_rules.delete(rule)
        await ngrok.ip_policies.delete(policy)
    """,
    "ip_restrictions": """
        policy = await ngrok.ip_policies.create(description="office")
        restriction = await ngrok.ip_restrictions.create(
            type="dashboard", ip_policy_ids=[policy], enforced=False
        )
        print(restriction.type, "blocks" if restriction.enforced else "only warns")
        await ngrok.ip_restrictions.delete(restriction)
        await ngrok.ip_policies.delete(policy)
    """,
    "kubernetes_operators": """
        async for operator in ngrok.kubernetes_operators.list():
            bound = await ngrok.kubernetes_operators.get_bound_endpoints(operator).collect()
            print(operator.deployment.cluster_name, [endpoint.url for endpoint in bound])
    """,
    "reserved_addrs": """
        address = await ngrok.reserved_addrs.create(description="ssh of the office")
        print("agents may offer tcp://" + address.addr)
        await ngrok.reserved_addrs.delete(address)
    """,
    "reserved_domains": """
        domain = await ngrok.reserved_domains.create(
            domain="app.example.com",
            certificate_management_policy={"authority": "letsencrypt"},
        )
        print("CNAME", domain.domain, "->", domain.cname_target)
        await ngrok.reserved_domains.delete(domain)
    """,
    "secrets": """
        vault = await ngrok.vaults.create(name="shop")
        secret = await ngrok.secrets.create(name="token", value="swordfish", vault_id=vault)
        print(secret.name, "in", secret.vault)  # its value is in no answer
        await ngrok.secrets.delete(secret)
        await ngrok.vaults.delete(vault)
    """,
    "service_users": """
        user = await ngrok.service_users.create(name="deployer")
        key = await ngrok.api_keys.create(description="deployments", owner_id=user)
        await ngrok.service_users.update(user, active=False)  # its keys do not work now
        await ngrok.service_users.delete(user)  # and all its keys with it
    """,
    "ssh_certificate_authorities": """
        authority = await ngrok.ssh_certificate_authorities.create(description="hosts")
        print(authority.public_key)
        await ngrok.ssh_certificate_authorities.delete(authority)
    """,
    "ssh_credentials": """
        key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMkkvTQ4TWzlkB4rEBsgyeK2OTaVDy3iEP4mTf1mdhpK"
        credential = await ngrok.ssh_credentials.create(public_key=key, description="office")
        await ngrok.ssh_credentials.delete(credential)
    """,
    "ssh_host_certificates": """
        async for certificate in ngrok.ssh_host_certificates.list():
            print(certificate.principals, "until", certificate.valid_until)
    """,
    "ssh_user_certificates": """
        async for certificate in ngrok.ssh_user_certificates.list():
            print(certificate.principals, "until", certificate.valid_until)
    """,
    "tls_certificates": """
        from ngrok_async.filters import ahead

        soon = ngrok.tls_certificates.fields.not_after < ahead(days=30)
        async for certificate in ngrok.tls_certificates.list(filter=soon):
            print(certificate.subject_common_name, "ends on", certificate.not_after)
    """,
    "tunnel_sessions": """
        f = ngrok.tunnel_sessions.fields
        async for agent in ngrok.tunnel_sessions.list(filter=f.os == "linux"):
            print(agent.id, agent.agent_version, agent.ip, agent.started_at)
            await ngrok.tunnel_sessions.restart(agent)
    """,
    "tunnels": """
        async for tunnel in ngrok.tunnels.list():
            print(tunnel.public_url, "->", tunnel.forwards_to)
    """,
    "vaults": """
        vault = await ngrok.vaults.create(name="shop", description="what the shop needs")
        print(vault.id, vault.name)
        await ngrok.vaults.delete(vault)
    """,
}
EXAMPLES: Final[Mapping[str, str]] = {
    name: textwrap.dedent(text).strip() + "\n" for name, text in _WRITTEN.items()
}
"""The example of each page, by its name."""
