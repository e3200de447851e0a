/**
 * Who may do what (protocol 2.1, 5.1.2).
 * @pure
 */
/** Somebody, or a group of them. What types there are is up to the installation. */
export interface AuthorizationAttribute {
  /** E.g. `user` or `service`. */
  data_type: string;
  value: string;
}

/** Both lists are required, not empty, and without duplicates. */
export interface Authorization {
  /** Who may change and delete it, and reset its cursors. */
  admins: AuthorizationAttribute[];
  /** Who may read and commit. */
  readers: AuthorizationAttribute[];
}
