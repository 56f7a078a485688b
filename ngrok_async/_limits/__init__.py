"""Who may go when: the rate limit, in the order in which its parts know of one another."""
