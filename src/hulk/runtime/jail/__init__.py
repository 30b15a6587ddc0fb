"""One program between walls: it sees a few folders that it cannot change and a scratch of its own in memory, of which nothing is left.

    Hulk ──plan──> main (a process of its own, with nobody's rights) ──> warden (process 1 between the walls) ──> the program
         <─report─                                                                       watches, ends, reports

The walls are Linux's own: namespaces for users, mounts, processes, network, IPC and names; a root made anew; no capability, no way to get
one, and a filter of system calls. What is between them ends when the warden ends, and the warden ends with Hulk, whose end of the line
to it is the lease. `Jail` is what the rest of Hulk uses; everything else here runs with the standard library alone.
"""
