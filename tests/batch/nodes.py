"""A Ray cluster of two nodes on this machine: says its address, and kills the second node when a line comes.

In a process of its own, which the tests' guard against the network does not watch: Ray asks for this machine's address.
"""

import sys

from ray.cluster_utils import Cluster

LITTLE = 100 << 20  # bytes of a node's object store


def main():
    node = {"num_cpus": 1, "num_gpus": int(sys.argv[1]), "object_store_memory": LITTLE}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    second = cluster.add_node(**node)
    sys.stdout.write(f"address {cluster.address}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        if line.strip() == "kill":
            cluster.remove_node(second, allow_graceful=False)
            sys.stdout.write("killed\n")
            sys.stdout.flush()
    cluster.shutdown()


if __name__ == "__main__":
    main()
